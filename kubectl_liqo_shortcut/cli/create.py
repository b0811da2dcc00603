"""``kubectl liqo-shortcut create``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections, with_options
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    Shape,
    dry_run_option,
    file_option,
    output_option,
    progress_options,
    requests_from,
    shape_options,
    timeout_option,
    wait_option,
)
from kubectl_liqo_shortcut.cli.params.gateway import gateway_options, gateway_spec, of_one_link
from kubectl_liqo_shortcut.cli.params.types import Duration, KubectlCommand
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.preflight.node_ports import refuse_twice
from kubectl_liqo_shortcut.errors import Invalid
from kubectl_liqo_shortcut.output.formats import DocumentFormat

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.commands.create import CreateOptions

_EPILOG = """\b
Examples:
  # link two leaves; the one that is gateway server towards the hub serves here too
  kubectl liqo-shortcut create milan rome
  # rome serves from behind NAT: its router forwards UDP 51840 to port 31840 of rome's nodes
  kubectl liqo-shortcut create milan rome --gw-server rome --gw-server-service-type NodePort \\
    --gw-server-service-nodeport 31840 --gw-client-address 203.0.113.7 --gw-client-port 51840
  # look at everything first: no cluster is changed
  kubectl liqo-shortcut create milan rome --dry-run=client -o yaml
  # each of three leaves with each other; or the first with each other
  kubectl liqo-shortcut create --mesh milan rome paris
  kubectl liqo-shortcut create --star milan rome paris
  # a folder for each cluster, for Argo CD or Flux
  kubectl liqo-shortcut create milan rome --dry-run=client --output-directory link/
"""

_DRY_RUN_OPTIONS = with_options(
    dry_run_option("print what would be made", "let the API servers judge it too"),
    output_option(DocumentFormat, "Print documents in this format"),
    click.option(
        "--for",
        "only",
        metavar="ID",
        shell_complete=completions.complete_named_leaves,
        help="With --dry-run: one cluster's plain documents",
    ),
    click.option(
        "--output-directory",
        "directory",
        metavar="DIR",
        shell_complete=completions.complete_folders,
        help="With --dry-run: write a folder for each cluster, with a kustomization.yaml",
    ),
    click.option(
        "--facts",
        metavar="FILE|none",
        shell_complete=completions.complete_facts,
        help="With --dry-run: file with facts about the leaves, instead of the hub",
    ),
)


@click.command("create", cls=KubectlCommand, epilog=_EPILOG + JSON_EPILOG)
@click.argument(
    "leaves", nargs=-1, metavar="LEAF LEAF...", shell_complete=completions.complete_leaves
)
@shape_options("Make")
@file_option
@gateway_options
@click.option("--reason", metavar="TEXT", help="Reason, kept as an annotation of the record")
@click.option(
    "--ttl",
    type=Duration(longest=87600),
    metavar="DURATION",
    help="Time until the shortcut expires, such as 36h or 30d: sync then removes its link; for one "
    "that is there, or has expired, a new time",
)
@wait_option
@timeout_option
@progress_options
@click.option("--keep-on-failure", is_flag=True, help="Keep everything on a failure, to examine it")
@click.option("--undo-on-timeout", is_flag=True, help="Roll back on a timeout too, for CI")
@_DRY_RUN_OPTIONS
@access_options
def command(
    leaves: tuple[str, ...],
    shape: Shape,
    filename: str | None,
    gw_server: str | None,
    reason: str | None,
    ttl: float | None,
    wait: bool,
    timeout: float,
    keep_on_failure: bool,
    undo_on_timeout: bool,
    dry_run: str,
    output: DocumentFormat | None,
    only: str | None,
    directory: str | None,
    facts: str | None,
    access: ClusterAccess,
    **gateway: Any,
) -> None:
    """Link two leaves of this hub directly.

    Creates a record on the hub, a Shortcut, and the link's objects on both leaves. On failure or
    Ctrl-C, rolls everything back. On a timeout, keeps the changes: rerun the command to continue.
    Safe to repeat: an existing shortcut is left unchanged, unless --ttl renews it.
    """
    annotations = {"shortcut.liqo.io/reason": reason} if reason else {}
    if shape and len(leaves) > 2 and (option := of_one_link(gateway)):
        raise Invalid(
            f"{option} is of one link, and these are several",
            hint="make that link alone, or pass a file with all of them: -f FILE",
        )
    requests = requests_from(
        leaves,
        filename,
        shape=shape,
        server=gw_server,
        spec=gateway_spec(gateway, ttl),
        annotations=annotations,
        renews=ttl is not None,
    )
    refuse_twice(requests)
    if dry_run == "client":
        from kubectl_liqo_shortcut.cli.create_dry_run import print_dry_run

        print_dry_run(requests, access, output, only=only, directory=directory, facts=facts)
        return
    if dry_run == "server" and facts is None:
        from kubectl_liqo_shortcut.cli.create_dry_run import send_dry_run

        send_dry_run(requests, access, output, timeout, only=only, directory=directory)
        return
    for option, value in (("--for", only), ("--output-directory", directory), ("--facts", facts)):
        if value is not None:
            raise Invalid(f"{option} requires --dry-run=client")
    if keep_on_failure and undo_on_timeout:
        raise Invalid("--keep-on-failure and --undo-on-timeout contradict each other")
    from kubectl_liqo_shortcut.commands.create import CreateOptions

    options = CreateOptions(
        timeout=timeout,
        wait=wait,
        keep_on_failure=keep_on_failure,
        undo_on_timeout=undo_on_timeout,
    )
    _create(requests, access, output, options)


def _create(
    requests: list[Request],
    access: ClusterAccess,
    output: DocumentFormat | None,
    options: CreateOptions,
) -> None:
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.create import create
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.engine.link.shared_look import share

    note_connections(access, (leaf for each in requests for leaf in each.pair))
    renderer = Renderer(read_template)
    shared = share([each.pair for each in requests], access, options.timeout)
    jobs = {
        request.name: functools.partial(create, request, access, renderer, options, shared=shared)
        for request in requests
    }
    run_jobs(jobs, options.timeout, output)
