"""``kubectl liqo-shortcut crd``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import timeout_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand

_FILE = "shortcut-crd.yaml"

_EPILOG = """\b
Examples:
  # into the hub
  kubectl liqo-shortcut crd install
  # into git
  kubectl liqo-shortcut crd print > shortcut-crd.yaml
"""


@click.group("crd", epilog=_EPILOG)
def command() -> None:
    """Install or print the kind Shortcut, which the hub keeps its records in."""


@command.command(
    "print",
    epilog="""\b
Examples:
  # into git
  kubectl liqo-shortcut crd print > shortcut-crd.yaml
  # what an update would change on the hub
  kubectl liqo-shortcut crd print | kubectl diff -f -
""",
)
def print_command() -> None:
    """Print the CustomResourceDefinition as YAML."""
    from kubectl_liqo_shortcut.adapters.templates import read_template

    click.echo(read_template(_FILE), nl=False)


@command.command(
    "install",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # on the hub of the current context
  kubectl liqo-shortcut crd install
  # on the hub of another context
  kubectl liqo-shortcut crd install --context torino
""",
)
@timeout_option
@access_options
def install_command(timeout: float, access: ClusterAccess) -> None:
    """Install the kind on the hub, or bring it up to date."""
    import yaml

    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.commands.crd import install
    from kubectl_liqo_shortcut.core.model import HUB
    from kubectl_liqo_shortcut.output.formats import resource_name

    crd = yaml.safe_load(read_template(_FILE))
    verb = install(access(HUB), crd, timeout)
    click.echo(f"{resource_name(crd)} {verb}")
