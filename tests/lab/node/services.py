"""Services of gateways: what kube-proxy and a cloud's load balancer do for them.

One function decides which address leads to which Pod, from all that is known at that moment; events
only call it. A Pod and a Service may therefore come, change and go in any order.
"""

from __future__ import annotations

import dataclasses
import threading

from tests.lab import network
from tests.lab.kube import CORE, ApiError, Object, path
from tests.lab.node.context import Context
from tests.lab.node.node_ports import NodePorts, Target
from tests.lab.node.sandbox import Sandbox

_RETRY = 0.2


@dataclasses.dataclass(frozen=True, slots=True)
class _Leads:
    """Where an address leads at present."""

    namespace: str
    link: str


class Services:
    """The Services of one cluster and the Pods behind them."""

    def __init__(self, context: Context, node_ports: NodePorts) -> None:
        self._context, self._node_ports = context, node_ports
        self._lock = threading.RLock()
        self._services: dict[str, Object] = {}
        self._pods: dict[str, Sandbox] = {}
        self._assigned: dict[str, str] = {}  # load-balancer addresses by the Service's UID
        self._due: set[str] = set()  # Services whose address is being delayed
        self._leads: dict[str, _Leads] = {}

    def pod_started(self, pod: Sandbox) -> None:
        with self._lock:
            if not pod.stopping.is_set():
                self._pods[pod.uid] = pod
                self._decide()

    def pod_stopped(self, pod: Sandbox) -> None:
        with self._lock:
            self._pods.pop(pod.uid, None)
            self._decide()

    def service_changed(self, event: str, service: Object) -> None:
        uid = service["metadata"]["uid"]
        with self._lock:
            if event == "DELETED":
                self._services.pop(uid, None)
                self._assigned.pop(uid, None)
            else:
                self._services[uid] = service
                if not _is_load_balancer(service):
                    self._assigned.pop(uid, None)
            self._decide()
            for uid in self._services:
                if self._needs_address(uid) and uid not in self._due:
                    self._schedule(uid)

    def _needs_address(self, uid: str) -> bool:
        return _is_load_balancer(self._services[uid]) and uid not in self._assigned

    def _schedule(self, uid: str) -> None:
        """An address comes late if the lab was told so; the knob is read anew for each."""
        delay = self._context.state.knobs().lb_delay
        self._due.add(uid)
        timer = threading.Timer(delay, self._assign, [uid])
        timer.daemon = True
        timer.start()

    def _assign(self, uid: str) -> None:
        with self._lock:
            self._due.discard(uid)
            if uid not in self._services or not self._needs_address(uid):
                return
            service = self._services[uid]
            wanted = service["spec"].get("loadBalancerIP") or self._published(service)
            pool = [wanted] if wanted else self._context.spec.load_balancer_pool
            free = [address for address in pool if address not in self._assigned.values()]
            if not free or free[0] not in self._context.spec.load_balancer_pool:
                wish = f"{wanted} is not free" if wanted else "none is free"
                self._context.log(f"service {_name(service)}: no address, {wish}; it stays pending")
                return
            self._assigned[uid] = free[0]
            self._decide()  # first it leads somewhere, then it is published
        self._publish(uid, free[0])

    def _publish(self, uid: str, address: str) -> None:
        named = self._context.state.knobs().lb_hostname
        ingress = (
            {"hostname": self._context.spec.load_balancer_name(address)}
            if named
            else {"ip": address, "ipMode": "VIP"}
        )
        while (service := self._services.get(uid)) and self._published(service) != address:
            url = f"{_path(service)}/status"
            status = {"loadBalancer": {"ingress": [ingress]}}
            try:
                self._context.kube.patch(url, {"metadata": {"uid": uid}, "status": status})
                self._context.log(f"service {_name(service)}: load-balancer address {address}")
                return
            except ApiError as error:
                if error.status in (404, 409):
                    return
                self._context.log(f"service {_name(service)}: {error}")
                threading.Event().wait(_RETRY)

    def _published(self, service: Object) -> str:
        """The address that its status tells, be it by name."""
        balanced = (service.get("status") or {}).get("loadBalancer") or {}
        (ingress, *_) = balanced.get("ingress") or [{}]
        named = self._context.spec.load_balancer_names.get(ingress.get("hostname", ""), "")
        return str(ingress.get("ip") or named)

    def _decide(self) -> None:
        """Make the network agree with what is known. The lock is held."""
        wanted: dict[str, _Leads] = {}
        ports: dict[Target, Target] = {}
        for uid, service in self._services.items():
            pod = self._backend(service)
            if pod is None:
                continue
            leads = _Leads(pod.namespace, pod.link)
            wanted |= dict.fromkeys(self._addresses(uid, service), leads)
            for port in service["spec"].get("ports") or []:
                if port.get("nodePort"):
                    target = (pod.address, int(port.get("targetPort") or port["port"]))
                    ports[self._context.spec.node_address, int(port["nodePort"])] = target
        for address, leads in list(self._leads.items()):
            if wanted.get(address) != leads:
                network.unlead(address, leads.namespace, leads.link)
                del self._leads[address]
        for address in wanted.keys() - self._leads.keys():
            network.lead(address, wanted[address].namespace, wanted[address].link)
            self._leads[address] = wanted[address]
        self._node_ports.set(self._context.spec.name, ports)

    def _addresses(self, uid: str, service: Object) -> list[str]:
        """ClusterIPs work from every cluster: to the gateways all of them are one network."""
        own = [address for address in service["spec"].get("clusterIPs") or [] if address != "None"]
        return own + ([self._assigned[uid]] if uid in self._assigned else [])

    def _backend(self, service: Object) -> Sandbox | None:
        selector = service["spec"].get("selector") or {}
        for pod in self._pods.values():
            metadata = pod.pod["metadata"]
            same_namespace = metadata["namespace"] == service["metadata"]["namespace"]
            if (
                selector
                and same_namespace
                and selector.items() <= (metadata.get("labels") or {}).items()
            ):
                return pod
        return None


def _is_load_balancer(service: Object) -> bool:
    return bool(
        service["spec"].get("type") == "LoadBalancer"
        and not service["metadata"].get("deletionTimestamp")
    )


def _path(service: Object) -> str:
    return path(CORE, "services", service["metadata"]["namespace"], service["metadata"]["name"])


def _name(service: Object) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"
