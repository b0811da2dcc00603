"""``kubectl liqo-shortcut verify``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    dry_run_option,
    link_argument,
    output_option,
    progress_options,
)
from kubectl_liqo_shortcut.cli.params.probe import probe_options
from kubectl_liqo_shortcut.cli.params.types import Duration, KubectlCommand
from kubectl_liqo_shortcut.cli.pasteable import pasteable
from kubectl_liqo_shortcut.core.verify.probe import Placement
from kubectl_liqo_shortcut.output.formats import ReportFormat, format_documents, resource_name

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.commands.service_verify import Prove
    from kubectl_liqo_shortcut.core.events import Tell
    from kubectl_liqo_shortcut.core.model import ClusterID, Object
    from kubectl_liqo_shortcut.core.verify.verdict import Verification
    from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken

_EPILOG = """\b
Examples:
  # do the Pods of these two reach each other directly, both ways, and with which MTU?
  kubectl liqo-shortcut verify milan rome
  # do calls from milan to a Service of the hub go directly to its Pods on rome?
  kubectl liqo-shortcut verify milan rome --service shop/web
  # in a script: 0 direct, 6 via the hub, 7 unreachable
  kubectl liqo-shortcut verify milan--rome -q -o json
  # with an image from a registry of your own; look at the Pods first
  kubectl liqo-shortcut verify milan rome --image registry.example.com/python:3.13 --dry-run -o yaml
  # on nodes that others keep away from
  kubectl liqo-shortcut verify milan rome --toleration dedicated=infra:NoSchedule
"""


@click.command("verify", cls=KubectlCommand, epilog=_EPILOG + JSON_EPILOG)
@link_argument
@click.option(
    "--service",
    metavar="NAMESPACE/NAME",
    shell_complete=completions.complete_services,
    help="A Service of the hub, as the first leaf's Pods call it",
)
@probe_options
@click.option(
    "--count",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="TCP connects to each address",
)
@click.option(
    "--timeout",
    type=Duration(),
    default="2m",
    show_default=True,
    help="Time for the probe Pods to start and to end",
)
@progress_options
@dry_run_option("print the probe Pods of each leaf, change nothing")
@output_option(ReportFormat, "The result, or the manifests of a dry run, as documents")
@access_options
def command(
    words: tuple[str, ...],
    service: str | None,
    image: str,
    placement: Placement,
    count: int,
    timeout: float,
    dry_run: str,
    output: ReportFormat | None,
    access: ClusterAccess,
) -> None:
    """Prove by packets which path two leaves use, in both directions.

    A probe Pod on each leaf reports the address that it sees as its caller. The command counts and
    times TCP connects, and finds the largest packet that passes without fragmentation. The Pods
    run in the namespace liqo-shortcut-verify, and are always removed.

    With --service, a Pod on the first leaf connects to each address of the Service there. The path
    is direct if the address, the connects, and the path between the Pods all say so.

    \b
    Exit codes:
      0  direct
      6  through the hub
      7  unreachable
      1  not known
    """
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.verify import VerifyOptions, named, plan, verify
    from kubectl_liqo_shortcut.core.link.naming import link_named
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.core.service.endpoints import service_name
    from kubectl_liqo_shortcut.core.validation import text
    from kubectl_liqo_shortcut.core.verify.probe import PROGRAM

    options = VerifyOptions(
        program=read_template(PROGRAM),
        service=None if service is None else service_name(service),
        image=text(image, "--image", longest=1024),
        placement=placement,
        count=count,
        timeout=timeout,
    )
    pair, renderer = named(words, options.service), Renderer(read_template)
    if dry_run == "client":
        _print_plan(plan(words, access, renderer, options), output)
        return
    note_connections(access, pair or ())
    found: list[Verification] = []

    def job(cancel: CancelToken, tell: Tell) -> None:
        found.append(verify(words, access, renderer, options, cancel, tell))

    run_jobs({link_named(words): job}, timeout)
    _print_result(found[0], output)


def prover(
    access: ClusterAccess, namespace: str, name: str, image: str, placement: Placement
) -> Prove:
    """What ``service enable --verify`` sends packets with."""
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.commands.verify import VerifyOptions, verify
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.core.service.endpoints import ServiceName
    from kubectl_liqo_shortcut.core.validation import text
    from kubectl_liqo_shortcut.core.verify.probe import PROGRAM

    options = VerifyOptions(
        program=read_template(PROGRAM),
        service=ServiceName(namespace, name),
        image=text(image, "--image", longest=1024),
        placement=placement,
    )
    renderer = Renderer(read_template)

    def prove(
        source: ClusterID, target: ClusterID, timeout: float, cancel: CancelToken, tell: Tell
    ) -> Verification:
        within = dataclasses.replace(options, timeout=timeout)
        return verify((source, target), access, renderer, within, cancel, tell)

    return prove


def _print_plan(documents: list[Object], output: ReportFormat | None) -> None:
    if output is not None:
        click.echo(format_documents(documents, output), nl=False)
        return
    for leaf in documents:
        for body in (*leaf["manifests"], *leaf["pending"]):
            click.echo(f"{leaf['cluster']}: {resource_name(body)} created (dry run)")


def _print_result(found: Verification, output: ReportFormat | None) -> None:
    from kubectl_liqo_shortcut.output.verification import verification_document, verification_text

    if output is None:
        click.echo(pasteable(verification_text(found)), nl=False)
    else:
        document = verification_document(found)
        click.echo(format_documents([document], output), nl=False)
    click.get_current_context().exit(found.exit_code)
