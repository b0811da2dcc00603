"""``kubectl liqo-shortcut version``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut import __version__

_EPILOG = """\b
Examples:
  # the plugin's version
  kubectl liqo-shortcut version
  # the same, as an option
  kubectl liqo-shortcut --version
"""


@click.command("version", epilog=_EPILOG)
def command() -> None:
    """Print the version."""
    click.echo(f"kubectl liqo-shortcut {__version__}")
