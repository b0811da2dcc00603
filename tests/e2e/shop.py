"""A Service of the hub, called on one leaf and served on the other one."""

from __future__ import annotations

import dataclasses
import json
import sys
from functools import partial

from kubectl_liqo_shortcut.core.verify import probe
from tests.e2e.plugin import PAIR, plugin, succeed
from tests.lab.dataplane import offloading
from tests.lab.errors import LabError
from tests.lab.kube import CORE, Kube, path, wait_for
from tests.lab.lab import Lab

CLIENT, SERVER = PAIR
KEY = "shop/web"
NAMESPACE, SERVICE = KEY.split("/")


SIZE = 20_000  # bytes of each answer, many more than the gateways' own pings
CALLS = 20
WEB = f"""
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode().ljust({SIZE}))
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
CALL = """
import json, socket, sys, time
address, port, number, answers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), []
for _ in range(number):
    began = time.monotonic()
    with socket.create_connection((address, port), timeout=3) as connection:
        took = time.monotonic() - began
        connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        body = connection.makefile("rb").read().partition(b"\\r\\n\\r\\n")[2]
    answers.append([body.decode().strip(), took])
print(json.dumps(answers))
"""


@dataclasses.dataclass(frozen=True)
class Web:
    """A Service of the hub whose only Pod is on one leaf, called by a Pod of the other."""

    lab: Lab
    hub_namespace: str
    namespace: str  # as the leaves call it
    client: str
    server: str

    def calls(self, number: int = CALLS) -> list[tuple[str, float]]:
        """Whom the server saw, and the seconds until each connection stood."""
        return self._calls(self.lab.dataplane.cluster_ip(CLIENT, self.namespace, "web"), 80, number)

    def past_the_service(self) -> str:
        """Whom the server sees when its Pod is called by its own address; empty if it is not."""
        address = self.lab.dataplane.seen_as(CLIENT, SERVER, self.server)
        try:
            return self._calls(address, 8080, 1)[0][0]
        except LabError:
            return ""

    def _calls(self, address: str, port: int, number: int) -> list[tuple[str, float]]:
        command = (sys.executable, "-c", CALL, address, str(port), str(number))
        said = self.lab.dataplane.pod_exec(CLIENT, self.namespace, "client", *command)
        return [(caller, seconds) for caller, seconds in json.loads(said)]

    def callers(self) -> set[str]:
        return {caller for caller, _ in self.calls()}

    def leads_to(self, address: str) -> None:
        """Wait until the slice on the client's leaf says so, and its node has heard it."""

        def arrived() -> bool:
            found = self.lab.dataplane.slice_addresses(CLIENT, self.namespace, "web")
            return found == [address] and self.answers()

        wait_for(arrived, 30, f"{CLIENT}: the Service leads to {address}", 0.2)

    def answers(self) -> bool:
        try:
            return bool(self.calls(1))
        except LabError:
            return False

    @property
    def external_address(self) -> str:
        """The server's, in the hub's external CIDR."""
        return self.lab.dataplane.map_address(self.hub_namespace, f"{SERVER}-web", self.server)


@dataclasses.dataclass(frozen=True)
class Shop(Web):
    """The Service of this file."""

    def is_on(self) -> bool:
        found = self.lab.clusters["hub"].kube.get(path(CORE, "services", NAMESPACE, SERVICE))
        return "liqo.io/use-direct-connections" in (found["metadata"].get("annotations") or {})

    def path(self) -> str:
        """What ``service list`` says of the calling leaf."""
        return self.listed().removesuffix("(not-ready)")

    def listed(self) -> str:
        """The path, and whether endpoints are ready there that are so on the hub."""
        said = json.loads(succeed(self.lab, "service", "list", "-n", NAMESPACE, "-o", "json"))
        (web,) = (each for each in said["items"] if each["metadata"]["name"] == SERVICE)
        (leaf,) = (each for each in web["leaves"] if each["leaf"] == CLIENT)
        return f"{leaf['path']}{'' if leaf['ready'] else '(not-ready)'}"

    def cause(self) -> str:
        """What ``why --service`` names; empty if all is well."""
        said = plugin(self.lab, "why", "--service", KEY, "-o", "json").stdout
        return str((json.loads(said)["cause"] or {}).get("reason", ""))

    def verified(self) -> int:
        """What packets say: 0 direct, 6 through the hub, 7 unreachable."""
        return plugin(self.lab, "verify", CLIENT, SERVER, "--service", KEY).returncode


def make_probe_namespaces(lab: Lab) -> None:
    """On both leaves, for ``verify``; it takes away only what it made itself."""
    for leaf in PAIR:
        offloading.make_namespace(lab.clusters[leaf].kube, probe.NAMESPACE)


def remove_probe_namespaces(lab: Lab) -> None:
    """Kubernetes needs some seconds to end a namespace; the Pods in it must be gone before."""
    for leaf in PAIR:
        lab.clusters[leaf].kube.delete(path(CORE, "namespaces", name=probe.NAMESPACE))
    wait_for_no_probe_namespaces(lab)


def wait_for_no_probe_namespaces(lab: Lab) -> None:
    for leaf in PAIR:
        kube = lab.clusters[leaf].kube
        assert kube.list(path(CORE, "pods", probe.NAMESPACE)) == []
        url = path(CORE, "namespaces", name=probe.NAMESPACE)
        wait_for(partial(_is_gone, kube, url), 60, f"{leaf}: {probe.NAMESPACE} ends")


def _is_gone(kube: Kube, url: str) -> bool:
    return kube.find(url) is None


def hub_address(lab: Lab) -> str:
    """The first of the hub's external CIDR: so the hub's masquerading shows at a leaf."""
    return lab.clusters["hub"].spec.external_cidr.partition("/")[0]
