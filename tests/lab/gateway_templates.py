"""The chart's two WireGuard gateway templates, as Helm renders its default values (v1.2.0).

One value is not the default: ``wireguard.implementation`` is ``userspace``, so that no kernel
module is needed. Tests may have gateways that ping more often.
"""

from __future__ import annotations

import dataclasses

from tests.lab.kube import Object

VERSION = "v1.2.0"
API = "networking.liqo.io/v1beta1"
_IMAGE = "ghcr.io/liqotech/gateway"
_GENEVE_PORT = 6091
_SELECTOR = {
    "app.kubernetes.io/name": "{{ .Name }}",
    "app.kubernetes.io/instance": "liqo-{{ .Name }}",
    "app.kubernetes.io/component": "networking",
    "app.kubernetes.io/part-of": "liqo",
    "app.kubernetes.io/managed-by": "Helm",
    "networking.liqo.io/component": "gateway",
    "networking.liqo.io/gateway-name": "{{ .Name }}",
    "networking.liqo.io/gateway-namespace": "{{ .Namespace }}",
}
_ACTIVE = {"networking.liqo.io/active": "true"}
_METADATA = {
    "name": "{{ .Name }}",
    "namespace": "{{ .Namespace }}",
    "labels": {
        **_SELECTOR,
        "helm.sh/chart": f"liqo-{VERSION}",
        "app.kubernetes.io/version": VERSION,
        **_ACTIVE,
    },
}
_NET_ADMIN = {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}
_IPC = {"name": "ipc", "mountPath": "/ipc"}
_DOWNWARD = [
    {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
]


@dataclasses.dataclass(frozen=True)
class Pings:
    """How often a gateway asks its peer, and how many answers may lack before it is lost."""

    interval: str
    losses: int


LIQOS = Pings("2s", 5)
QUICK = Pings("200ms", 25)
"""The first answer comes ten times as soon, and a silence is one after five seconds, not ten."""


def server(pings: Pings = LIQOS) -> Object:
    port = "{{ .Spec.Endpoint.Port }}"
    service = {
        "selector": {**_SELECTOR, **_ACTIVE},
        "type": "{{ .Spec.Endpoint.ServiceType }}",
        "?loadBalancerIP": "{{ .Spec.Endpoint.LoadBalancerIP }}",
        "ports": [
            {
                "port": port,
                "protocol": "UDP",
                "targetPort": port,
                "?nodePort": "{{ .Spec.Endpoint.NodePort }}",
            },
        ],
    }
    wireguard = ["--listen-port={{ .Spec.Endpoint.Port }}", "--preserve-client-endpoint=true"]
    more = {"service": {"metadata": _METADATA, "spec": service}}
    return _template("Server", pings, wireguard, more)


def client(pings: Pings = LIQOS) -> Object:
    wireguard = [
        "--endpoint-address={{ index .Spec.Endpoint.Addresses 0 }}",
        "--endpoint-port={{ .Spec.Endpoint.Port }}",
    ]
    return _template("Client", pings, wireguard, {})


def _template(side: str, pings: Pings, wireguard: list[str], more: Object) -> Object:
    mode = side.lower()
    pod = {
        "serviceAccount": "{{ .Name }}",
        "serviceAccountName": "{{ .Name }}",
        "containers": [_gateway(mode, pings), _wireguard(mode, wireguard), _geneve()],
        "volumes": [
            {"name": "wireguard-config", "secret": {"secretName": "{{ .SecretName }}"}},
            {"name": "ipc", "emptyDir": {}},
        ],
    }
    deployment = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _SELECTOR},
        "template": {"metadata": _METADATA, "spec": pod},
    }
    spec = {
        "secretRef": {"name": "{{ .Spec.SecretRef.Name }}"},
        "deployment": {"metadata": _METADATA, "spec": deployment},
        **more,
    }
    return {
        "apiVersion": API,
        "kind": f"WgGateway{side}Template",
        "metadata": {"name": f"wireguard-{mode}", "namespace": "liqo"},
        "spec": {
            "objectKind": {"apiVersion": API, "kind": f"WgGateway{side}"},
            "template": {"metadata": _METADATA, "spec": spec},
        },
    }


def _identity(mode: str) -> list[str]:
    return [
        "--name={{ .Name }}",
        "--namespace={{ .Namespace }}",
        "--remote-cluster-id={{ .ClusterID }}",
        "--gateway-uid={{ .GatewayUID }}",
        f"--mode={mode}",
        "--leader-election=false",
    ]


def _gateway(mode: str, pings: Pings) -> Object:
    args = [
        *_identity(mode),
        "--node-name=$(NODE_NAME)",
        "--pod-name=$(POD_NAME)",
        "--container-name=gateway",
        "--concurrent-containers-names=wireguard,geneve",
        "--global-labels=liqo.io/managed=true",
        "--health-probe-bind-address=:8083",
        "--ping-enabled=true",
        f"--ping-loss-threshold={pings.losses}",
        f"--ping-interval={pings.interval}",
        "--ping-update-status-interval=10s",
        "--enable-nft-monitor=true",
        "--enable-route-monitor=true",
    ]
    return _container(
        "gateway",
        _IMAGE,
        args,
        8083,
        env=_DOWNWARD,
        securityContext={"privileged": True, **_NET_ADMIN},
    )


def _wireguard(mode: str, more: list[str]) -> Object:
    args = [
        *_identity(mode),
        "--container-name=wireguard",
        "--mtu={{ .Spec.MTU }}",
        *more,
        "--health-probe-bind-address=:8085",
        "--implementation=userspace",
    ]
    keys = {"name": "wireguard-config", "mountPath": "/etc/wireguard/keys"}
    container = _container(
        "wireguard",
        f"{_IMAGE}/wireguard",
        args,
        8085,
        securityContext={"privileged": True, **_NET_ADMIN},
    )
    return container | {"volumeMounts": [_IPC, keys]}


def _geneve() -> Object:
    args = [
        *_identity("server"),  # on both sides, as in the chart
        "--node-name=$(NODE_NAME)",
        "--pod-name=$(POD_NAME)",
        "--container-name=geneve",
        f"--geneve-port={_GENEVE_PORT}",
        "--health-probe-bind-address=:8087",
    ]
    return _container(
        "geneve", f"{_IMAGE}/geneve", args, 8087, env=_DOWNWARD, securityContext=_NET_ADMIN
    )


def _container(name: str, image: str, args: list[str], health: int, **more: object) -> Object:
    return {
        "name": name,
        "image": f"{image}:{VERSION}",
        "imagePullPolicy": "IfNotPresent",
        "args": args,
        "ports": [{"name": "healthz", "containerPort": health}],
        "volumeMounts": [_IPC],
        **more,
    }
