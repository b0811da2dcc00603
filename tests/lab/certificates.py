"""A certificate authority for each cluster, and kubeconfigs, made with the openssl command."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.kube import Kube
from tests.lab.shell import run
from tests.lab.state import State, write
from tests.lab.topology import ClusterSpec

Entry = dict[str, object]
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make(state: State, spec: ClusterSpec) -> None:
    """All files of one cluster: certificates, the ServiceAccounts' key, the kubeconfig."""
    folder = state.cluster(spec.name)
    folder.mkdir(parents=True)
    run(
        *("openssl", "req", "-x509", *_NEW_KEY, "-days", "3650", "-subj", f"/CN={spec.name}-ca"),
        *("-keyout", folder / "ca.key", "-out", folder / "ca.crt"),
    )
    names = [
        f"IP:{spec.api_address}",
        f"IP:{spec.first_service_address}",
        "DNS:kubernetes",
        "DNS:localhost",
    ]
    _sign(
        folder,
        "apiserver",
        "/CN=kube-apiserver",
        f"subjectAltName={','.join(names)}",
        "extendedKeyUsage=serverAuth",
    )
    if spec.overlapping:
        name = f"subjectAltName=IP:{spec.api_address}"
        _sign(folder, "webhook", "/CN=liqo-webhook", name, "extendedKeyUsage=serverAuth")
    _sign(folder, "admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth")
    run(
        "openssl",
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-out",
        folder / "sa.key",
    )
    run("openssl", "pkey", "-in", folder / "sa.key", "-pubout", "-out", folder / "sa.pub")
    write_kubeconfig(state.cluster_kubeconfig(spec.name), state, [spec])


def _sign(folder: Path, name: str, subject: str, *extensions: str) -> None:
    run(
        *("openssl", "req", "-x509", *_NEW_KEY, "-days", "3650", "-subj", subject),
        *("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *(part for extension in extensions for part in ("-addext", extension)),
        *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"),
    )


def write_kubeconfig(path: Path, state: State, specs: Sequence[ClusterSpec]) -> None:
    """One context for each cluster, named like it; the first one is current. (JSON is YAML.)"""
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": specs[0].name,
        "clusters": [_named(spec, "cluster", _cluster(state, spec)) for spec in specs],
        "users": [
            _named(spec, "user", _administrator(state, spec), prefix="admin@") for spec in specs
        ],
        "contexts": [
            _named(spec, "context", {"cluster": spec.name, "user": f"admin@{spec.name}"})
            for spec in specs
        ],
    }
    write(path, json.dumps(kubeconfig, indent=2) + "\n")
    path.chmod(0o600)


def _named(spec: ClusterSpec, field: str, value: Mapping[str, str], prefix: str = "") -> Entry:
    return {"name": f"{prefix}{spec.name}", field: value}


def _cluster(state: State, spec: ClusterSpec) -> dict[str, str]:
    return {
        "server": spec.server,
        "certificate-authority-data": _encoded(state.cluster(spec.name) / "ca.crt"),
    }


def _administrator(state: State, spec: ClusterSpec) -> dict[str, str]:
    folder = state.cluster(spec.name)
    return {
        "client-certificate-data": _encoded(folder / "admin.crt"),
        "client-key-data": _encoded(folder / "admin.key"),
    }


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def kube(state: State, spec: ClusterSpec) -> Kube:
    """The cluster's API server, as its administrator."""
    folder = state.cluster(spec.name)
    return Kube(spec.server, folder / "ca.crt", folder / "admin.crt", folder / "admin.key")
