"""A small kube-proxy: on its node a Service's ClusterIP leads to the endpoints that are ready."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from tests.lab.dataplane import node_network
from tests.lab.dataplane.mirror import Mirror
from tests.lab.errors import LabError
from tests.lab.kube import CORE, Object, path
from tests.lab.node.context import Context, in_background
from tests.lab.shell import run

DISCOVERY = "/apis/discovery.k8s.io/v1"
SERVICE_LABEL = "kubernetes.io/service-name"
_SERVICES, _SLICES = path(CORE, "services"), path(DISCOVERY, "endpointslices")
_PAUSE = 0.05  # seconds, in which several changes become one

_TABLE = """
table ip lab-proxy
delete table ip lab-proxy
table ip lab-proxy {{
  chain prerouting {{
    type nat hook prerouting priority dstnat; policy accept;
{leads}
  }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
{refusals}
  }}
}}
"""


class Proxy:
    """One cluster's Services, as they change."""

    def __init__(self, context: Context) -> None:
        self._context, self._loaded = context, ""
        self._mirror = Mirror(context, _SERVICES, _SLICES)

    def start(self) -> None:
        self._mirror.start()
        in_background(self._keep)

    def _keep(self) -> None:
        while True:
            self._mirror.changed.wait()
            time.sleep(_PAUSE)
            self._mirror.changed.clear()
            wanted = rules(self._mirror.items(_SERVICES), self._mirror.items(_SLICES))
            if wanted == self._loaded:
                continue
            node = node_network.namespace(self._context.spec)
            try:
                run("ip", "netns", "exec", node, "nft", "-f", "-", stdin=wanted)
                self._loaded = wanted
            except LabError as error:
                self._context.log(f"proxy: {error}")


def rules(services: Sequence[Object], slices: Sequence[Object]) -> str:
    """The whole table; one without an endpoint that is ready refuses."""
    leads, refusals = [], []
    for service in services:
        address = service["spec"].get("clusterIP") or "None"
        for port in (service["spec"].get("ports") or []) if address != "None" else []:
            protocol = str(port.get("protocol", "TCP")).lower()
            call = f"    ip daddr {address} {protocol} dport {port['port']}"
            targets = sorted(set(_targets(service, port, slices)))
            if targets:
                choices = ", ".join(f"{number} : {each}" for number, each in enumerate(targets))
                chosen = f"numgen random mod {len(targets)} map {{ {choices} }}"
                leads.append(f"{call} dnat ip to {chosen}")
            else:
                refusals.append(f"{call} reject")
    return _TABLE.format(leads="\n".join(sorted(leads)), refusals="\n".join(sorted(refusals)))


def _targets(service: Object, port: Object, slices: Sequence[Object]) -> Iterator[str]:
    metadata = service["metadata"]
    for each in slices:
        labels = each["metadata"].get("labels") or {}
        if (
            each["metadata"]["namespace"] != metadata["namespace"]
            or labels.get(SERVICE_LABEL) != metadata["name"]
        ):
            continue
        numbers = [
            number["port"]
            for number in each.get("ports") or []
            if (number.get("name") or "") == (port.get("name") or "")
        ]
        for endpoint in each.get("endpoints") or []:
            ready = (endpoint.get("conditions") or {}).get("ready")
            if ready is None or ready:  # the API says: unknown counts as ready
                yield from (f"{a} . {n}" for a in endpoint["addresses"] for n in numbers)
