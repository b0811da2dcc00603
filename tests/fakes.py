"""Stand-ins that behave, not mocks that record: API servers in dictionaries, and a small Liqo.

``FakeCluster`` implements the same port as the real adapter, and the same contract tests run on
both (tests/contract.py), so it cannot lie for long.
"""

from __future__ import annotations

import base64
import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.model import HUB, Manifest, Object, ObjectRef, ref_of
from kubectl_liqo_shortcut.core.ports import Change, Listing, Selection, Watch
from kubectl_liqo_shortcut.errors import AlreadyExists, ClusterError, Conflict, Gone

Body = dict[str, Any]
Fault = Callable[[str, ObjectRef], ClusterError | None]
"""Given a verb and an object, the error to answer with, or None."""


class FakeCluster:
    """An API server in a dictionary, with finalizers, owners and watches."""

    def __init__(self, name: str, world: FakeWorld) -> None:
        self.name = name
        self.host = ""  # of its API server
        self.liqo_namespace = world.liqo_namespace
        self.objects: dict[ObjectRef, Body] = {}
        self.not_served: set[Kind] = set()
        self.foreign: set[Kind] = set()  # kinds that the program does not know are served too
        self.fault: Fault = _no_fault
        self.allows: Callable[[Object], bool] = lambda _: True
        self._world = world
        self._log: list[tuple[int, Kind, Change]] = []

    def get(self, ref: ObjectRef) -> Object | None:
        with self._world.changed:
            self._enter("get", ref)
            found = self.objects.get(ref)
            return _shown(found) if found is not None else None

    def list(self, what: Selection) -> Listing:
        with self._world.changed:
            self._enter("list", ObjectRef(self.name, what.kind, what.namespace, what.name))
            if what.kind in self.not_served:
                raise Gone(self.name, "the server could not find the requested resource")
            items = tuple(_shown(body) for body in self.objects.values() if _selects(what, body))
            return Listing(items, str(len(self._log)))

    def watch(self, what: Selection, since: str) -> Watch:
        return _Watch(self, what, int(since))

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Object:
        ref = manifest.ref
        with self._world.changed:
            self._enter("create dry run" if dry_run else "create", ref)
            if ref in self.objects:
                raise AlreadyExists(self.name, f'{ref.kind.plural} "{ref.name}" already exists')
            namespace = ObjectRef(self.name, r.NAMESPACE, "", ref.namespace)
            if ref.namespace and namespace not in self.objects:
                raise Gone(self.name, f'namespaces "{ref.namespace}" not found')
            if dry_run:
                return _shown(manifest.body)
            return _shown(self.put(made_by_us(manifest.body)))

    def ask(self, review: Object) -> Object:
        with self._world.changed:
            ref = ref_of(self.name, review)
            self._enter("ask", ref)
            if ref.kind == r.SELF_SUBJECT_REVIEW:
                clock = {"creationTimestamp": "2026-01-01T00:00:00Z"}
                user = {"userInfo": {"username": "tester"}}
                return {**review, "metadata": clock, "status": user}
            asked = review["spec"]["resourceAttributes"]
            return {**review, "status": {"allowed": self.allows(asked)}}

    def apply(self, manifest: Manifest) -> Object:
        with self._world.changed:
            self._enter("apply", manifest.ref)
            old = self.objects.get(manifest.ref)
            if old is None:
                return self.put(manifest.body)
            return self._store(manifest.ref, _merged(old, manifest.body))

    def patch(
        self, ref: ObjectRef, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        with self._world.changed:
            self._enter("patch dry run" if dry_run else f"patch {subresource}".strip(), ref)
            old = self.objects.get(ref)
            if old is None:
                raise Gone(self.name, f'{ref.kind.plural} "{ref.name}" not found')
            wanted = body.get("metadata", {}).get("resourceVersion")
            if wanted not in (None, old["metadata"]["resourceVersion"]):
                raise Conflict(self.name, "the object has been modified")
            merged = _merged(old, body)
            return _shown(merged) if dry_run else self._store(ref, _labelled_by_us(merged, body))

    def delete(self, ref: ObjectRef, uid: str, version: str = "") -> None:
        with self._world.changed:
            self._enter("delete", ref)
            old = self.objects.get(ref)
            versions = ("", old["metadata"]["resourceVersion"]) if old else ()
            if old is not None and old["metadata"]["uid"] == uid and version in versions:
                self.drop(ref)

    def served(self, api_version: str) -> tuple[Kind, ...]:
        with self._world.changed:
            self._enter("served", ObjectRef(self.name, r.CRD, "", api_version))
            kinds = {each for each in vars(r).values() if isinstance(each, Kind)} | self.foreign
            there = kinds - self.not_served
            return tuple(sorted(each for each in there if each.api_version == api_version))

    def kinds(self) -> tuple[Kind, ...]:
        with self._world.changed:
            self._enter("kinds", ObjectRef(self.name, r.CRD, "", ""))
            kinds = (each for each in vars(r).values() if isinstance(each, Kind))
            return tuple(kind for kind in kinds if kind.namespaced)

    # What a test, or the fake Liqo, does to the cluster behind the tool's back.

    def put(self, body: Object) -> Body:
        """Make an object as an API server does: with a UID and a version."""
        new: Body = copied(body)
        new["metadata"] = {"labels": {}, **new["metadata"], "uid": self._world.new_uid()}
        new["metadata"] |= {"generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}
        ref = ref_of(self.name, new)
        with self._world.changed:
            self._store(ref, new)
            self._world.liqo(self, ref)
            stored: Body = copied(self.objects.get(ref, new))
            return stored

    def set_status(self, ref: ObjectRef, status: Body) -> None:
        with self._world.changed:
            self._store(ref, {**self.objects[ref], "status": status})

    def drop(self, ref: ObjectRef) -> None:
        """Delete an object: at once, or when its last finalizer is gone; owned ones follow."""
        with self._world.changed:
            old = self.objects[ref]
            finalizers = old["metadata"].get("finalizers")
            if finalizers == [_BINDING]:  # Liqo removes its own at once
                finalizers = old["metadata"]["finalizers"] = []
            if finalizers:
                mark = {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
                self._store(ref, _merged(old, mark))
                return
            del self.objects[ref]
            self._tell(ref, Change(old, gone=True))
            for each, body in list(self.objects.items()):
                owners = body["metadata"].get("ownerReferences") or ()
                if any(owner["uid"] == old["metadata"]["uid"] for owner in owners):
                    self.drop(each)

    def of(self, kind: Kind) -> Sequence[Body]:
        return [body for ref, body in self.objects.items() if ref.kind == kind]

    def _enter(self, verb: str, ref: ObjectRef) -> None:
        self._world.calls.append((verb, ref))
        error = self.fault(verb, ref)
        if error is not None:
            raise error

    def _store(self, ref: ObjectRef, body: Body) -> Body:
        body["metadata"]["resourceVersion"] = str(len(self._log) + 1)
        self.objects[ref] = body
        ended = body["metadata"].get("deletionTimestamp") and not body["metadata"].get("finalizers")
        if ended:
            del self.objects[ref]
        self._tell(ref, Change(body, gone=bool(ended)))
        shown = _shown(body)
        self._world.reflect(self, ref)
        return shown

    def _tell(self, ref: ObjectRef, change: Change) -> None:
        self._log.append((len(self._log) + 1, ref.kind, Change(copied(change.body), change.gone)))
        self._world.changed.notify_all()


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """What a ``FakeWorld`` was at some moment."""

    uid: int
    calls: tuple[tuple[str, ObjectRef], ...]
    clusters: Mapping[str, tuple[dict[ObjectRef, Body], tuple[tuple[int, Kind, Change], ...]]]


class _Watch:
    """The changes of a fake's log, until somebody closes it or its world."""

    def __init__(self, cluster: FakeCluster, what: Selection, position: int) -> None:
        self._cluster, self._what, self._position = cluster, what, position
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        world = self._cluster._world
        with world.changed:
            while True:
                for _, kind, change in self._cluster._log[self._position :]:
                    self._position += 1
                    if self._closed:
                        raise StopIteration
                    if kind == self._what.kind and _selects(self._what, change.body):
                        return Change(_shown(change.body), change.gone)
                if self._closed or world.closed:
                    raise StopIteration
                world.changed.wait()

    def close(self) -> None:
        with self._cluster._world.changed:
            self._closed = True
            self._cluster._world.changed.notify_all()


class FakeWorld:
    """A hub and its leaves, with a Liqo that answers at once.

    ``paused`` names kinds that Liqo does not react to, as a slow or broken cluster would not.
    """

    def __init__(self, *leaves: str, hub: str = "torino", liqo: str = r.LIQO_NAMESPACE) -> None:
        self.liqo_namespace = liqo
        self.changed = threading.Condition(threading.RLock())
        self._uid = 0
        self.paused: set[Kind] = set()
        self.stuck = False  # no gateway server gets an endpoint
        self.remaps: dict[
            str, str
        ] = {}  # for CIDRs that are taken: the one that Liqo gives instead
        self.closed = False
        self.reflect: Callable[[FakeCluster, ObjectRef], object] = lambda *_: None
        self.kubelet: Callable[[FakeCluster, ObjectRef], None] | None = None  # runs new Pods
        self.calls: list[tuple[str, ObjectRef]] = []  # of all clusters, in their order
        self.hub = FakeCluster(HUB, self)
        self.leaves = {leaf: FakeCluster(leaf, self) for leaf in leaves}
        self._install(self.hub, hub)
        self.hub.put(_namespace("liqo-hub"))
        for number, leaf in enumerate(leaves, 1):
            cluster = self.leaves[leaf]
            self._install(cluster, leaf)
            pod, external = f"10.{60 + number}.0.0/16", f"10.{170 + number}.0.0/16"
            for kind, name in _TEMPLATES.items():
                cluster.put(gateway_template(kind, name, liqo))
            cluster.put(_network("pod-cidr", pod, liqo))
            cluster.put(_network("external-cidr", external, liqo))
            self.hub.put(_configuration(leaf, "liqo-hub", [pod], [external]))
            self.hub.put(_gateway_client(leaf, "liqo-hub"))

    def snapshot(self) -> Snapshot:
        """All that its clusters hold and were asked."""
        with self.changed:
            clusters = {
                each.name: (copied_all(each.objects), tuple(each._log))
                for each in (self.hub, *self.leaves.values())
            }
            return Snapshot(self._uid, tuple(self.calls), clusters)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from there; for a world that nobody watches."""
        with self.changed:
            self._uid = snapshot.uid
            self.calls[:] = snapshot.calls
            for name, (objects, log) in snapshot.clusters.items():
                cluster = self.hub if name == HUB else self.leaves[name]
                cluster.objects, cluster._log = copied_all(objects), list(log)

    def close(self) -> None:
        """End all watches."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def __call__(self, name: str) -> FakeCluster:
        """As ``OpenCluster``."""
        if name != HUB and name not in self.leaves:
            raise ClusterError(name, "no credentials")
        return self.hub if name == HUB else self.leaves[name]

    def new_uid(self) -> str:
        self._uid += 1
        return f"uid-{self._uid}"

    def liqo(self, cluster: FakeCluster, ref: ObjectRef) -> None:
        """What Liqo's controllers make of a new object."""
        if cluster is self.hub or ref.kind in self.paused:
            return
        if ref.kind == r.POD and self.kubelet is not None:
            self.kubelet(cluster, ref)
        body = cluster.objects[ref]
        match ref.kind:
            case r.CONFIGURATION:
                own = body["spec"]["remote"].get("cidr") or {}
                seen = {
                    kind: [self.remaps.get(cidr, cidr) for cidr in cidrs]
                    for kind, cidrs in own.items()
                }
                cluster.set_status(ref, {"remote": {"cidr": seen}})
            case r.GATEWAY_SERVER | r.GATEWAY_CLIENT:
                self._start_gateway(cluster, ref, body)
                key = ObjectRef(cluster.name, r.PUBLIC_KEY, ref.namespace, ref.name)
                if key in cluster.objects:  # it was there first
                    self._connect(cluster, key)
            case r.PUBLIC_KEY:
                self._connect(cluster, ref)
            case _:
                pass

    def _install(self, cluster: FakeCluster, cluster_id: str) -> None:
        cluster.put(_namespace("default"))
        cluster.put(_namespace("kube-system"))
        cluster.put(_namespace(self.liqo_namespace))
        cluster.put(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": r.CLUSTER_ID_CONFIGMAP, "namespace": self.liqo_namespace},
                "data": {"CLUSTER_ID": cluster_id},
            }
        )

    def _start_gateway(self, cluster: FakeCluster, ref: ObjectRef, body: Body) -> None:
        wg = r.WG_GATEWAY_SERVER if ref.kind == r.GATEWAY_SERVER else r.WG_GATEWAY_CLIENT
        child = _owned(cluster, wg.api_version, wg.kind, ref.name, ref, body)
        child["metadata"]["finalizers"] = [_BINDING]
        cluster.put(child)
        secret = _owned(cluster, "v1", "Secret", f"gw-{ref.name}", ref, body)
        key = base64.b64encode(f"{cluster.name}/{body['metadata']['uid']}".encode().ljust(32)[:32])
        cluster.put({**secret, "data": {"publicKey": key.decode()}})
        cluster.put(_pod(cluster, ref, body))
        if ref.kind == r.GATEWAY_SERVER and self.stuck:
            return
        if ref.kind == r.GATEWAY_SERVER:
            cluster.put(_service(cluster, ref, body))
            number = sorted(self.leaves).index(cluster.name) + 1
            endpoint = {
                "addresses": [f"203.0.113.{number}"],
                "port": body["spec"]["endpoint"]["port"],
            }
            cluster.set_status(ref, {"endpoint": {**endpoint, "protocol": "UDP"}})
        else:
            cluster.set_status(ref, {"clientRef": {"name": ref.name}})

    def _connect(self, cluster: FakeCluster, key: ObjectRef) -> None:
        """A Connection appears with the peer's key, and is Connected once both ends have theirs."""
        gateway = self._gateway(cluster, key.namespace)
        if gateway is None or r.CONNECTION in self.paused:
            return
        ref, body = gateway
        made = _owned(cluster, r.CONNECTION.api_version, "Connection", f"gw-{ref.name}", ref, body)
        cluster.put({**made, "status": {"value": "Connecting"}})
        peer = self.leaves[key.name]
        there = [
            each
            for each in peer.objects
            if each.kind == r.CONNECTION and each.name == f"gw-{cluster.name}"
        ]
        for other in there:
            up = {"value": "Connected", "latency": {"value": "3ms"}}
            peer.set_status(other, up)
            cluster.set_status(ref_of(cluster.name, made), up)

    def _gateway(self, cluster: FakeCluster, namespace: str) -> tuple[ObjectRef, Body] | None:
        kinds = (r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
        return next(
            (
                (ref, body)
                for ref, body in cluster.objects.items()
                if ref.kind in kinds and ref.namespace == namespace
            ),
            None,
        )


_TEMPLATES = {r.WG_SERVER_TEMPLATE: "wireguard-server", r.WG_CLIENT_TEMPLATE: "wireguard-client"}


def gateway_template(kind: Kind, name: str, namespace: str) -> Body:
    """One that heeds all that a gateway's spec says."""
    made = r.WG_GATEWAY_CLIENT if "Client" in kind.kind else r.WG_GATEWAY_SERVER
    named = {"name": "{{ .Name }}", "namespace": "{{ .Namespace }}"}
    heeded = {"args": ["--mtu={{ .Spec.MTU }}"], "service": "{{ .Spec.Endpoint }}"}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "objectKind": {"apiVersion": made.api_version, "kind": made.kind},
            "template": {"metadata": named, "spec": heeded},
        },
    }


BY_GIT: Body = {
    "manager": "kustomize-controller",
    "operation": "Apply",
    "fieldsV1": {"f:metadata": {"f:labels": {f"f:{r.SHORTCUT_HUB}": {}}}},
}
"""Among managedFields: git applied our labels."""


def copied(value: Any) -> Any:
    """*value* of mappings and lists, copied: some ten times as fast as ``copy.deepcopy``."""
    if isinstance(value, Mapping):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [copied(each) for each in value]
    return value


def copied_all(objects: Mapping[ObjectRef, Body]) -> dict[ObjectRef, Body]:
    return {ref: copied(body) for ref, body in objects.items()}


def made_by_us(body: Object) -> Body:
    """As an API server notes who set which fields of what was sent to it."""
    entry = {
        "manager": r.FIELD_MANAGER,
        "operation": "Update",
        "apiVersion": body["apiVersion"],
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields({key: body[key] for key in body if key not in ("apiVersion", "kind")}),
    }
    return {**body, "metadata": {**body["metadata"], "managedFields": [entry]}}


def _labelled_by_us(merged: Body, patch: Object) -> Body:
    """Of a patch only its labels are noted, which is all that anybody asks for."""
    labels = {k: v for k, v in (patch.get("metadata", {}).get("labels") or {}).items() if v}
    if not labels:
        return merged
    noted = made_by_us({**merged, "metadata": {"labels": labels}})["metadata"]["managedFields"]
    before = merged["metadata"].get("managedFields") or []
    return {**merged, "metadata": {**merged["metadata"], "managedFields": [*before, *noted]}}


def _fields(value: Any) -> Body:
    return (
        {f"f:{key}": _fields(each) for key, each in value.items()}
        if isinstance(value, dict)
        else {}
    )


def _shown(body: Object) -> Body:
    """As the real adapter gives it: of a Secret only the public key."""
    shown: Body = copied(body)
    if shown["kind"] == "Secret":
        shown["metadata"].pop("annotations", None)
        shown["data"] = {k: v for k, v in shown.get("data", {}).items() if k == "publicKey"}
    return shown


_BINDING = "networking.liqo.io/clusterrolebinding"


def _no_fault(verb: str, ref: ObjectRef) -> ClusterError | None:
    return None


def _owned(
    cluster: FakeCluster, api_version: str, kind: str, name: str, ref: ObjectRef, owner: Body
) -> Body:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": ref.namespace,
            "labels": {r.REMOTE_CLUSTER_ID: ref.name},
            "ownerReferences": [{"uid": owner["metadata"]["uid"]}],
        },
    }


def _pod(cluster: FakeCluster, ref: ObjectRef, owner: Body) -> Body:
    made = _labelled(_owned(cluster, "v1", "Pod", f"gw-{ref.name}-1", ref, owner), ref)
    ready = {"type": "Ready", "status": "True"}
    return {**made, "spec": {"nodeName": "node-1"}, "status": {"conditions": [ready]}}


def _service(cluster: FakeCluster, ref: ObjectRef, owner: Body) -> Body:
    return _labelled(_owned(cluster, "v1", "Service", f"gw-{ref.name}", ref, owner), ref)


def _labelled(body: Body, ref: ObjectRef) -> Body:
    """As the gateway templates label what is made from them."""
    body["metadata"]["labels"] = {
        "networking.liqo.io/component": "gateway",
        "networking.liqo.io/gateway-name": ref.name,
    }
    return body


def _namespace(name: str) -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _network(kind: str, cidr: str, namespace: str) -> Body:
    metadata = {"name": kind, "namespace": namespace, "labels": {r.NETWORK_TYPE: kind}}
    return {
        "apiVersion": r.NETWORK.api_version,
        "kind": "Network",
        "metadata": metadata,
        "spec": {"cidr": cidr},
        "status": {"cidr": cidr},
    }


def _configuration(leaf: str, namespace: str, pod: list[str], external: list[str]) -> Body:
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    return {
        "apiVersion": r.CONFIGURATION.api_version,
        "kind": "Configuration",
        "metadata": {"name": leaf, "namespace": namespace, "labels": labels},
        "spec": {"remote": {"cidr": {"pod": pod, "external": external}}},
    }


def _gateway_client(leaf: str, namespace: str) -> Body:
    labels = {r.REMOTE_CLUSTER_ID: leaf}
    return {
        "apiVersion": r.GATEWAY_CLIENT.api_version,
        "kind": "GatewayClient",
        "metadata": {"name": leaf, "namespace": namespace, "labels": labels},
        "spec": {},
    }


def _selects(what: Selection, body: Object) -> bool:
    if (body["apiVersion"], body["kind"]) != (what.kind.api_version, what.kind.kind):
        return False
    metadata, labels = body["metadata"], body["metadata"].get("labels") or {}
    if what.namespace and metadata.get("namespace") != what.namespace:
        return False
    if what.name and metadata["name"] != what.name:
        return False
    for term in filter(None, what.labels.split(",")):
        key, equals, value = term.partition("=")
        if key not in labels or (equals and labels[key] != value):
            return False
    return True


def _merged(old: Any, patch: Any) -> Any:
    """RFC 7396: None removes, mappings merge, all else replaces."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = copied(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
