"""``kubectl liqo-shortcut version``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut import __version__


@click.command("version")
def command() -> None:
    """Print the version."""
    click.echo(f"kubectl liqo-shortcut {__version__}")
