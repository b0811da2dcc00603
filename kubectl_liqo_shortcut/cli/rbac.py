"""``kubectl liqo-shortcut rbac``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.admission import AskedLimits, admission_options
from kubectl_liqo_shortcut.cli.params.common import headers_option, limit_option, output_option
from kubectl_liqo_shortcut.cli.params.scope import AskedScope, scope_options
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.cli.pasteable import pasteable
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import ExitCode, Invalid
from kubectl_liqo_shortcut.output.formats import ReportFormat, format_documents

_EPILOG = """\b
Examples:
  # what an administrator of leaf rome gives the hub for links with milan
  kubectl liqo-shortcut rbac print --leaf rome --peer milan | kubectl --context rome apply -f -
  # and what somebody needs on the hub
  kubectl liqo-shortcut rbac print --hub | kubectl apply -f -
  # what the present identity lacks on rome
  kubectl liqo-shortcut rbac check --leaf rome --peer milan
"""


@click.group("rbac", epilog=_EPILOG)
def command() -> None:
    """Print the least roles for a cluster, or check what the present identity lacks there."""


@command.command(
    "print",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # for links of rome with milan and venice, Services and probes included
  kubectl liqo-shortcut rbac print --leaf rome --peer milan --peer venice --service demo --verify
  # for a ServiceAccount; nobody is asked
  kubectl liqo-shortcut rbac print --hub --subject ServiceAccount:liqo/shortcuts
  # and what crd install needs
  kubectl liqo-shortcut rbac print --hub --install
  # and admission policies: two writers, one annotation that Shortcuts may ask for
  kubectl liqo-shortcut rbac print --hub --admission --subject User:ada --subject Group:ops \\
    --allow-annotation service.beta.kubernetes.io/aws-load-balancer-type
  # for who reaches rome by the identity that Liqo stored on the hub
  kubectl liqo-shortcut rbac print --hub --stored-identity rome
""",
)
@scope_options
@click.option(
    "--subject",
    "subjects",
    metavar="KIND:NAME",
    multiple=True,
    help="Who gets the roles: User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME; may be "
    "repeated; without it, User:liqo-shortcut:HUB, the hub's cluster ID being asked for",
)
@admission_options
@limit_option
@access_options
def print_command(
    leaf: str | None,
    scope: AskedScope,
    subjects: tuple[str, ...],
    limits: AskedLimits,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Print namespaces, roles and bindings as YAML for kubectl apply on that cluster.

    Each role says what every rule is for. Secrets are named one by one; rules for all namespaces
    allow list and watch only. You can apply further roles later: they are added. Admission policies
    are replaced: print them with all subjects and all options.
    """
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.commands.rbac import default_subject
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.core.rbac import admission, roles

    asked, allowed, renderer = scope(access), limits(access), Renderer(read_template)
    if allowed is not None:
        _must_name_writers(leaf, subjects)
    who = [*map(roles.subject, subjects)] or [default_subject(access, timeout)]
    texts = [*roles.role_documents(asked, who, renderer)]
    if allowed is not None:
        texts += admission.admission_documents(who, allowed, asked.liqo_namespace, renderer)
    click.echo(f"# For {f'leaf {leaf}' if leaf else HUB}, to be applied there.")
    click.echo("---\n".join(texts), nl=False)


def _must_name_writers(leaf: str | None, subjects: tuple[str, ...]) -> None:
    """A policy by the default would shut out the very administrator who applies it."""
    if leaf is not None:
        raise Invalid("--admission requires --hub", hint="that is where the Shortcuts are")
    if not subjects:
        raise Invalid(
            "--admission needs --subject: nobody else may then write the status of a Shortcut",
            hint="kubectl auth whoami tells who you are; for example --subject User:admin",
        )


@command.command(
    "check",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # what lacks on rome for links with milan
  kubectl liqo-shortcut rbac check --leaf rome --peer milan
  # as a user of that leaf, by a context of its own
  kubectl liqo-shortcut rbac check --leaf rome --peer milan --leaf-context rome=rome-limited
  # the hub, for a program
  kubectl liqo-shortcut rbac check --hub --service demo -o json
""",
)
@scope_options
@click.option("--all", "show_all", is_flag=True, help="Every permission, not only what lacks")
@output_option(ReportFormat, "The report as a document, with every permission")
@headers_option
@limit_option
@access_options
def check_command(
    leaf: str | None,
    scope: AskedScope,
    show_all: bool,
    output: ReportFormat | None,
    no_headers: bool,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Tell which permissions the present identity lacks on a cluster.

    Exit code 4 if a required permission is missing. Without an optional one, commands work, and
    their output is less detailed.
    """
    from kubectl_liqo_shortcut.commands.rbac import check_access
    from kubectl_liqo_shortcut.output.rbac import access_document, access_table, summary
    from kubectl_liqo_shortcut.output.text import printable

    asked = scope(access)
    note_connections(access, [leaf] if leaf else ())
    found = check_access(asked, access(leaf or HUB), timeout)
    if output is not None:
        document = access_document(found.cluster, found.user, found.asked, found.lacks)
        click.echo(format_documents([document], output), nl=False)
    else:
        shown = found.asked if show_all else found.lacks
        table = access_table(found.cluster, shown, found.lacks, headers=not no_headers)
        click.echo(table, nl=False)
        said = summary(found.cluster, found.user, found.asked, found.lacks)
        click.echo(pasteable(printable(said)), err=True)
    if found.note:
        click.echo(printable(found.note), err=True)
    if not found.is_enough:
        click.get_current_context().exit(ExitCode.REFUSED)
