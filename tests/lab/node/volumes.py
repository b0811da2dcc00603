"""A Pod's volumes and variables, taken from the API server as a kubelet does."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.kube import CORE, Object, path
from tests.lab.node.context import Context
from tests.lab.topology import API_PORT

_TOKEN_LIFETIME = 30 * 24 * 3600  # longer than any lab lives, so nothing needs to renew it


def write_volumes(context: Context, pod: Object, folder: Path) -> dict[str, Path]:
    """Each volume's folder; they are deleted with the Pod, and with them its keys."""
    written = {}
    for volume in pod["spec"].get("volumes") or []:
        target = folder / volume["name"]
        target.mkdir(parents=True, exist_ok=True)
        for name, content in _content(context, pod, volume).items():
            (target / name).write_bytes(content)
            (target / name).chmod(0o600)
        written[volume["name"]] = target
    return written


def _content(context: Context, pod: Object, volume: Object) -> dict[str, bytes]:
    match volume:
        case {"secret": {"secretName": name}}:
            return _secret(context, pod["metadata"]["namespace"], name)
        case {"configMap": {"name": name}}:
            return _config_map(context, pod["metadata"]["namespace"], name)
        case {"emptyDir": _}:
            return {}
        case {"projected": _}:
            return _service_account(context, pod)
        case _:
            raise LabError(
                f"volume {volume['name']} is none of secret, configMap, emptyDir, projected"
            )


def _secret(context: Context, namespace: str, name: str) -> dict[str, bytes]:
    secret = context.kube.get(path(CORE, "secrets", namespace, name))
    return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}


def _config_map(context: Context, namespace: str, name: str) -> dict[str, bytes]:
    found = context.kube.get(path(CORE, "configmaps", namespace, name))
    return {key: value.encode() for key, value in (found.get("data") or {}).items()}


def _service_account(context: Context, pod: Object) -> dict[str, bytes]:
    """A token that dies with the Pod."""
    metadata, account = pod["metadata"], pod["spec"]["serviceAccountName"]
    bound = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    return credentials(context, metadata["namespace"], account, boundObjectRef=bound)


def credentials(
    context: Context, namespace: str, account: str, **token: Object
) -> dict[str, bytes]:
    """The files by which a program in a Pod speaks to its API server as a ServiceAccount."""
    request: Object = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _TOKEN_LIFETIME, **token},
    }
    answer = context.kube.create(
        path(CORE, "serviceaccounts", namespace, account) + "/token", request
    )
    return {
        "token": answer["status"]["token"].encode(),
        "ca.crt": (context.state.cluster(context.spec.name) / "ca.crt").read_bytes(),
        "namespace": namespace.encode(),
    }


def variables(context: Context, pod: Object, container: Object, address: str) -> dict[str, str]:
    """The container's environment: where the API server is, and what its fields ask for."""
    fields = {
        "metadata.name": pod["metadata"]["name"],
        "metadata.namespace": pod["metadata"]["namespace"],
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": context.spec.node_name,
        "status.podIP": address,
        "status.hostIP": context.spec.node_address,
    }
    found = {
        "KUBERNETES_SERVICE_HOST": context.spec.api_address,
        "KUBERNETES_SERVICE_PORT": str(API_PORT),
    }
    for entry in container.get("env") or []:
        field = ((entry.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
        found[entry["name"]] = fields[field] if field else str(entry.get("value", ""))
    return found
