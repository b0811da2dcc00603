"""``kubectl liqo-shortcut create``."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from kubectl_liqo_shortcut.adapters.access import Access
from kubectl_liqo_shortcut.cli import candidates
from kubectl_liqo_shortcut.cli.options import (
    access_options,
    file_option,
    requests_from,
    say_ways,
    timeout_option,
    wait_option,
    with_options,
)
from kubectl_liqo_shortcut.cli.types import Duration, KubectlCommand
from kubectl_liqo_shortcut.core.request import Request
from kubectl_liqo_shortcut.core.shortcut import DEFAULT_MTU, DEFAULT_PORT, SERVICE_TYPES
from kubectl_liqo_shortcut.errors import Invalid
from kubectl_liqo_shortcut.output.formats import DocumentFormat

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.commands.create import Options

_EPILOG = """\b
Examples:
  # link two leaves; the one that is gateway server towards the hub serves here too
  kubectl liqo-shortcut create milan rome
  # rome serves, on a NodePort, and milan dials a forwarded port
  kubectl liqo-shortcut create milan rome --gw-server rome \\
    --gw-server-service-type NodePort --gw-client-address 203.0.113.7 --gw-client-port 51840
  # look at everything first: no cluster is changed
  kubectl liqo-shortcut create milan rome --dry-run=client -o yaml
  # a folder for each cluster, for Argo CD or Flux
  kubectl liqo-shortcut create milan rome --dry-run=client --output-directory link/
"""

_GATEWAY_OPTIONS = with_options(
    click.option(
        "--gw-server",
        metavar="ID",
        shell_complete=candidates.servers,
        help="Leaf that is the WireGuard server",
    ),
    click.option(
        "--gw-server-service-type",
        "service_type",
        type=click.Choice(SERVICE_TYPES),
        help=f"Service in front of the gateway server  [default: {SERVICE_TYPES[0]}]",
    ),
    click.option(
        "--gw-server-service-port",
        "service_port",
        type=int,
        help=f"UDP port of that Service  [default: {DEFAULT_PORT}]",
    ),
    click.option(
        "--gw-server-service-nodeport", "node_port", type=int, help="UDP port on the server's nodes"
    ),
    click.option(
        "--gw-server-service-loadbalancerip",
        "load_balancer_ip",
        help="Address to ask the load balancer for",
    ),
    click.option(
        "--gw-client-address", "client_address", help="What the client dials instead (NAT)"
    ),
    click.option(
        "--gw-client-port", "client_port", type=int, help="Port that the client dials instead (NAT)"
    ),
    click.option("--mtu", type=int, help=f"MTU of the tunnel  [default: {DEFAULT_MTU}]"),
    click.option(
        "--gw-server-template-name",
        "server_template",
        help="Liqo gateway template of the server  [default: wireguard-server]",
    ),
    click.option(
        "--gw-server-template-namespace",
        "server_template_namespace",
        help="Its namespace  [default: that leaf's Liqo namespace]",
    ),
    click.option(
        "--gw-client-template-name",
        "client_template",
        help="Liqo gateway template of the client  [default: wireguard-client]",
    ),
    click.option(
        "--gw-client-template-namespace",
        "client_template_namespace",
        help="Its namespace  [default: that leaf's Liqo namespace]",
    ),
)

_DRY_RUN_OPTIONS = with_options(
    click.option(
        "--dry-run",
        type=click.Choice(("none", "client")),
        default="none",
        help="client: print what would be made, change nothing; a bare --dry-run means client",
    ),
    click.option(
        "-o",
        "--output",
        type=click.Choice(DocumentFormat, case_sensitive=False),
        help="Print documents in this format",
    ),
    click.option(
        "--for",
        "only",
        metavar="ID",
        shell_complete=candidates.named_leaves,
        help="With --dry-run: one cluster's plain documents",
    ),
    click.option(
        "--output-directory",
        "directory",
        metavar="DIR",
        shell_complete=candidates.folders,
        help="With --dry-run: write a folder for each cluster, with a kustomization.yaml",
    ),
    click.option(
        "--facts",
        metavar="FILE|none",
        shell_complete=candidates.facts,
        help="With --dry-run: what is known of the leaves, instead of asking the hub",
    ),
)


@click.command("create", cls=KubectlCommand, epilog=_EPILOG)
@click.argument("leaves", nargs=-1, metavar="LEAF LEAF", shell_complete=candidates.leaves)
@file_option
@_GATEWAY_OPTIONS
@click.option("--reason", metavar="TEXT", help="Why, kept as an annotation of the record")
@click.option(
    "--ttl",
    type=Duration(longest=87600),
    metavar="DURATION",
    help="Let it expire after this time, such as 36h: sync then switches it off",
)
@wait_option
@timeout_option
@click.option("--keep-on-failure", is_flag=True, help="Undo nothing, to look into a failure")
@click.option("--undo-on-timeout", is_flag=True, help="Undo also when the time is over, for CI")
@_DRY_RUN_OPTIONS
@access_options
def command(
    leaves: tuple[str, ...],
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
    access: Access,
    **gateway: Any,
) -> None:
    """Link two leaves of this hub directly.

    The hub keeps a record, the Shortcut. On failure or Ctrl-C everything made so far is undone; a
    timeout keeps it, and the same command goes on. The same command again: unchanged.
    """
    annotations = {"shortcut.liqo.io/reason": reason} if reason else {}
    requests = requests_from(
        leaves, filename, server=gw_server, spec=_spec(gateway, ttl), annotations=annotations
    )
    if dry_run == "client":
        from kubectl_liqo_shortcut.cli.dry_run import print_dry_run

        print_dry_run(requests, access, output, only=only, directory=directory, facts=facts)
        return
    for option, value in (("--for", only), ("--output-directory", directory), ("--facts", facts)):
        if value is not None:
            raise Invalid(f"{option} goes with --dry-run=client")
    if keep_on_failure and undo_on_timeout:
        raise Invalid("--keep-on-failure and --undo-on-timeout contradict each other")
    from kubectl_liqo_shortcut.commands.create import Options

    options = Options(
        timeout=timeout,
        wait=wait,
        keep_on_failure=keep_on_failure,
        undo_on_timeout=undo_on_timeout,
    )
    _create(requests, access, output, options)


def _create(
    requests: list[Request],
    access: Access,
    output: DocumentFormat | None,
    options: Options,
) -> None:
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.create import create
    from kubectl_liqo_shortcut.core.render import Renderer

    say_ways(access, (leaf for each in requests for leaf in each.pair))
    renderer = Renderer(read_template)
    jobs = {
        request.name: functools.partial(create, request, access, renderer, options)
        for request in requests
    }
    run_jobs(jobs, output)


def _spec(given: dict[str, Any], ttl: float | None) -> dict[str, Any]:
    """The part of a Shortcut's spec that the options speak of; the rest keeps its default."""
    service = {
        "type": given["service_type"],
        "port": given["service_port"],
        "nodePort": given["node_port"],
        "loadBalancerIP": given["load_balancer_ip"],
    }
    gateway = {
        "mtu": given["mtu"],
        "service": _without_none(service),
        "clientEndpoint": _without_none(
            {"address": given["client_address"], "port": given["client_port"]}
        ),
        "serverTemplateRef": _without_none(
            {"name": given["server_template"], "namespace": given["server_template_namespace"]}
        ),
        "clientTemplateRef": _without_none(
            {"name": given["client_template"], "namespace": given["client_template_namespace"]}
        ),
    }
    from kubectl_liqo_shortcut.engine.world import utc_now

    expires = None if ttl is None else utc_now(ahead=ttl)
    return _without_none({"gateway": _without_none(gateway), "expirationTime": expires})


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, {})}
