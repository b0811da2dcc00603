"""``kubectl liqo-shortcut service list``."""

from __future__ import annotations

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.common import headers_option, limit_option, output_option
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.errors import Invalid
from kubectl_liqo_shortcut.output.formats import OutputFormat, TableFormat, format_documents

namespace_option = click.option(
    "-n", "--namespace", metavar="NS", help="Namespace on the hub, instead of the context's"
)


@click.command(
    "list",
    cls=KubectlCommand,
    epilog="""\b
Columns:
  DIRECT     whether it is annotated
  ENDPOINTS  how many there are in each cluster; remapped: they cannot go direct, since the hub
             sees the Pod network of that leaf under another prefix
  MISSING    shortcuts between leaves of which one sees endpoints on the other: not there, or not
             Ready by the hub's record
  PATH       what the EndpointSlices on the leaves really hold: direct, via-hub, mixed; stale: not
             what the Service asks for (in brackets, what they hold); missing: no slice at all;
             unknown: the leaf does not answer; not-ready: endpoints are not ready there, though
             they are on the hub, as where its link to the hub is cut

\b
Examples:
  # of the context's namespace, of one, of all
  kubectl liqo-shortcut service list
  kubectl liqo-shortcut service list -n demo -o wide
  kubectl liqo-shortcut service list -A -o json
""",
)
@namespace_option
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="Of all namespaces")
@output_option(TableFormat, "wide: more columns; json, yaml: all there is, as documents")
@headers_option
@limit_option
@access_options
def list_command(
    namespace: str | None,
    everywhere: bool,
    output: TableFormat | None,
    no_headers: bool,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """List the Services of offloaded namespaces, and their path on each leaf.

    The command asks all leaves at once. Where a leaf fails, PATH is unknown, and standard error
    says why.
    """
    from kubectl_liqo_shortcut.commands.service import list_services
    from kubectl_liqo_shortcut.output import services as shown

    if everywhere and namespace:
        raise Invalid("-A is of all namespaces, -n of one: choose one")
    where = "" if everywhere else namespace or access.namespace()
    found = list_services(access, where, timeout)
    errors = {path.leaf: path.error for each in found for path in each.paths if path.error}
    for error in errors.values():
        note(error)
    rows = [(each.service, each.missing, each.paths, each.remapped) for each in found]
    if output is OutputFormat.NAME:
        documents = [shown.service_name_document(each.service.body) for each in found]
        click.echo(format_documents(documents, OutputFormat.NAME), nl=False)
    elif output is not None and output is not OutputFormat.WIDE:
        documents = [shown.service_document(*row) for row in rows]
        click.echo(format_documents(documents, output, listing=True), nl=False)
    elif not rows:
        place = f" in namespace {where}; -A lists those of all" if where else ""
        note(f"No Services of offloaded namespaces found{place}.")
    else:
        wide = output is OutputFormat.WIDE
        click.echo(
            shown.services_table(rows, namespaces=everywhere, wide=wide, headers=not no_headers),
            nl=False,
        )
