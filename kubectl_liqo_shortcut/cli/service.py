"""``kubectl liqo-shortcut service``."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections, with_options
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    dry_run_option,
    output_option,
    progress_options,
    timeout_option,
)
from kubectl_liqo_shortcut.cli.params.probe import probe_options
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.cli.service_list import list_command, namespace_option
from kubectl_liqo_shortcut.cli.verify import prover
from kubectl_liqo_shortcut.core.verify.probe import Placement
from kubectl_liqo_shortcut.errors import Invalid, after_writing
from kubectl_liqo_shortcut.output.formats import ReportFormat, format_documents, resource_name

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.events import Tell
    from kubectl_liqo_shortcut.core.service.model import Pair
    from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
    from kubectl_liqo_shortcut.engine.runtime.jobs import Job

_service_argument = with_options(
    click.argument("service", metavar="NS/NAME", shell_complete=completions.complete_services),
    namespace_option,
)


@click.group(
    "service",
    epilog="""\b
Examples:
  # which Services of this hub go direct, and which could
  kubectl liqo-shortcut service list -A
  # let one go direct, and back
  kubectl liqo-shortcut service enable demo/web
  kubectl liqo-shortcut service disable demo/web
""",
)
def command() -> None:
    """Let Services use direct connections, or not.

    Liqo sends the traffic of a Service over shortcuts if the Service is annotated
    liqo.io/use-direct-connections: "true". Without a link, Liqo stops updating the Service's
    EndpointSlices on the leaves. So create the links before you annotate the Service, and remove
    the annotation before you delete a link: these commands do both in the right order.
    """


command.add_command(list_command)


@command.command(
    "enable",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # let the Service web of namespace demo go direct
  kubectl liqo-shortcut service enable demo/web
  # make the shortcuts that it needs first
  kubectl liqo-shortcut service enable web -n demo --create-shortcuts
  # prove by packets that its calls go direct, else take it back
  kubectl liqo-shortcut service enable demo/web --verify
  # only check, and print what is to stand in git
  kubectl liqo-shortcut service enable demo/web --dry-run=client -o yaml
"""
    + JSON_EPILOG,
)
@_service_argument
@click.option(
    "--create-shortcuts",
    is_flag=True,
    help="Make the shortcuts that are missing first: two gateway Pods each",
)
@click.option(
    "--verify",
    "proving",
    is_flag=True,
    help="Send packets before and after, as verify --service does; back to the hub's path unless "
    "they go direct",
)
@probe_options
@dry_run_option("look at all clusters, change nothing", "let the hub judge the change too")
@output_option(ReportFormat, "With --dry-run: print the annotated metadata")
@timeout_option
@progress_options
@access_options
def enable_command(
    service: str,
    namespace: str | None,
    create_shortcuts: bool,
    proving: bool,
    image: str,
    placement: Placement,
    dry_run: str,
    output: ReportFormat | None,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Let a Service use direct connections, once every leaf can.

    Refuses where this would break the Service on a leaf, and lists every reason. Then annotates
    the Service and waits until the EndpointSlices of all leaves go direct. On failure, or at
    Ctrl-C, switches the Service back to the hub's path. Safe to repeat: re-triggers only slices
    that are out of date.
    """
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.service import enable, service_named
    from kubectl_liqo_shortcut.commands.service_dry_run import dry_run_enable
    from kubectl_liqo_shortcut.output.services import annotation_document

    began = time.monotonic()
    where, name = service_named(service, namespace, access.namespace)
    if output is not None and dry_run == "none":
        raise Invalid("-o requires --dry-run")
    if dry_run != "none" or create_shortcuts:
        send = dry_run == "server"
        planned = dry_run_enable(where, name, access, timeout, making=create_shortcuts, send=send)
        _tell_missing(planned.missing, f"{where}/{name}")
        if output is not None:
            document = annotation_document(planned.body)
            click.echo(format_documents([document], output), nl=False)
            return
        if dry_run != "none":
            kind = "server dry run" if send else "dry run"
            click.echo(f"{resource_name(planned.body)} {planned.verb} ({kind})")
            return
        _create(planned.missing, access, _left(timeout, began))
    left = _left(timeout, began)
    prove = prover(access, where, name, image, placement) if proving else None
    job: Job = partial(enable, where, name, access, left, prove=prove)
    if create_shortcuts and planned.missing:
        job = partial(_after_creating, job)
    run_jobs({f"{where}/{name}": job}, left)


def _after_creating(job: Job, cancel: CancelToken, tell: Tell) -> None:
    with after_writing():
        job(cancel, tell)


def _left(timeout: float, began: float) -> float:
    """The whole command has one deadline; a moment is left to say that it has passed."""
    return max(0.1, timeout - (time.monotonic() - began))


def _tell_missing(pairs: tuple[Pair, ...], key: str) -> None:
    from kubectl_liqo_shortcut.core.model import shortcut_name

    for pair in pairs:
        note(f"{shortcut_name(*pair)} is missing: a gateway Pod on {' and on '.join(pair)}", key)
    if pairs:
        count = f"{len(pairs)} shortcuts" if len(pairs) > 1 else "1 shortcut"
        note(f"{count} to make, {2 * len(pairs)} gateway Pods", key)


def _create(pairs: tuple[Pair, ...], access: ClusterAccess, timeout: float) -> None:
    """As ``create`` would, all at once; an error ends the command here."""
    if not pairs:
        return
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.create import CreateOptions, create
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.core.link.request import Request

    note_connections(access, dict.fromkeys(leaf for pair in pairs for leaf in pair))
    renderer, options = Renderer(read_template), CreateOptions(timeout=timeout)
    requests = [Request(pair=pair, server=None, spec={}, annotations={}) for pair in pairs]
    jobs = {each.name: partial(create, each, access, renderer, options) for each in requests}
    run_jobs(jobs, timeout)


@command.command(
    "disable",
    cls=KubectlCommand,
    epilog="""\b
Examples:
  # back to the hub's path
  kubectl liqo-shortcut service disable demo/web
  # would that change anything?
  kubectl liqo-shortcut service disable demo/web --dry-run
"""
    + JSON_EPILOG,
)
@_service_argument
@dry_run_option("print what would change, change nothing")
@timeout_option
@progress_options
@access_options
def disable_command(
    service: str, namespace: str | None, dry_run: str, timeout: float, access: ClusterAccess
) -> None:
    """Let a Service go through the hub again.

    Removes the annotation, which needs rights on the hub only. Then waits until the EndpointSlices
    of all leaves that answer hold the hub's addresses.

    Exit code 8 if a leaf did not answer: it is reported as unchecked; Liqo updates it on its own.
    """
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.service import disable, service_named
    from kubectl_liqo_shortcut.commands.service_dry_run import disabled_by

    where, name = service_named(service, namespace, access.namespace)
    if dry_run == "client":
        body, verb = disabled_by(where, name, access, timeout)
        click.echo(f"{resource_name(body)} {verb} (dry run)")
        return
    run_jobs({f"{where}/{name}": partial(disable, where, name, access, timeout)}, timeout)
