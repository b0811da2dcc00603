"""Admission policies on the lab: a real API server takes what is printed, and refuses by it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from tests.e2e.plugin import NAME, PAIR, plugin, succeed
from tests.lab.kube import MERGE_PATCH, Object, wait_for
from tests.lab.lab import Lab

WRITER = 'o\'brien "net" \\ops'
UNICODE = "\u00e9\u2028\U0001f600"
MASTERS = ("system:masters",)  # may do all by RBAC: what is refused, a policy refuses
OPTIONS = (
    *("--subject", f"User:{WRITER}", "--subject", f"User:{UNICODE}"),
    *("--allow-annotation", "example.com/pool", "--refuse-old-writers"),
)
RECORD = r.SHORTCUT.path(name=NAME)
OLD = "leaf-1--leaf-9"
LEASES = r.LEASE.path("liqo")
CONDITION = {
    **{"type": "Ready", "status": "Unknown", "reason": "Pending", "message": "tried"},
    "lastTransitionTime": "2026-12-01T00:00:00Z",
}
MADE = {
    **{"clusterID": "leaf-1", "apiVersion": "networking.liqo.io/v1beta1", "kind": "Configuration"},
    **{"namespace": "liqo-tenant-leaf-2", "name": "leaf-2", "ownership": "Created"},
}
STATUS = {"status": {"conditions": [CONDITION]}}


@dataclasses.dataclass(frozen=True)
class Writes:
    """Writes to the hub as somebody: what was said against one, "" if it was taken."""

    lab: Lab
    user: str
    groups: tuple[str, ...] = ()
    manager: str = r.FIELD_MANAGER

    def post(self, path: str, body: Object) -> str:
        return self._send("POST", path, body, "application/json")

    def patch(self, path: str, body: Object) -> str:
        return self._send("PATCH", path, body, MERGE_PATCH)

    def delete(self, path: str) -> str:
        return self._send("DELETE", path, {}, "application/json", query="")

    def tries(self, path: str, body: Object) -> str:
        """A PATCH that changes nothing."""
        query = f"?fieldManager={self.manager}&dryRun=All"
        return self._send("PATCH", path, body, MERGE_PATCH, query=query)

    def _send(
        self, method: str, path: str, body: Object, content_type: str, *, query: str | None = None
    ) -> str:
        query = f"?fieldManager={self.manager}" if query is None else query
        connection = self.lab.clusters["hub"].kube.connect()
        with contextlib.closing(connection):
            connection.putrequest(method, path + query)
            connection.putheader("Content-Type", content_type)
            connection.putheader("Impersonate-User", self.user.encode())
            for group in self.groups:
                connection.putheader("Impersonate-Group", group)
            data = json.dumps(body).encode()
            connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            said = json.loads(answer.read())
            return "" if answer.status < 300 else str(said["message"])


def record(name: str = NAME, **spec: Any) -> Object:
    server, client = name.split("--")
    roles = {"server": {"clusterID": server}, "client": {"clusterID": client}}
    metadata = {"name": name, "finalizers": [r.FINALIZER]}
    head = {"apiVersion": r.API_VERSION, "kind": r.SHORTCUT.kind, "metadata": metadata}
    return {**head, "spec": {**roles, **spec}}


@pytest.fixture(scope="module")
def guarded(lab: Lab) -> Iterator[Lab]:
    """The hub under all policies, with a record of before them that they would refuse."""
    succeed(lab, "crd", "install")
    lab.remove_shortcuts()
    hub = lab.clusters["hub"].kube
    hub.create(r.SHORTCUT.path(), record(OLD, tenantNamespaceReclaimPolicy="Delete"))
    printed = succeed(lab, "rbac", "print", "--hub", "--admission", *OPTIONS)
    lab.kubectl("apply", "-f", "-", input=printed)
    try:
        hub.create(r.SHORTCUT.path(), record())
        _wait_until_active(lab)
        yield lab
    finally:
        lab.kubectl("delete", "--ignore-not-found", "-f", "-", input=printed)
        other = mallory(lab)
        wait_for(
            lambda: (
                not other.tries(f"{RECORD}/status", STATUS)
                and not other.tries(RECORD, hostile(mtu=1300, service={"labels": {"a": "b"}}))
                and not old(lab).tries(RECORD, {"metadata": {"labels": {"a": "b"}}})
            ),
            10,
            "the policies are gone",
        )
        lab.remove_shortcuts()


def _wait_until_active(lab: Lab) -> None:
    """Each policy refuses what it is there for; that takes a moment."""
    for what, said in (
        (lambda: mallory(lab).tries(f"{RECORD}/status", STATUS), "writers"),
        (lambda: mallory(lab).tries(RECORD, hostile(service={"labels": {"a": "b"}})), "records"),
        (lambda: writer(lab).post(LEASES + "?dryRun=All&", lease("other")), "leases"),
        (lambda: old(lab).tries(RECORD, {"metadata": {"labels": {"a": "b"}}}), "old-writers"),
    ):
        wait_for(lambda what=what, said=said: f"liqo-shortcut-{said}" in what(), 10, said)  # type: ignore[misc]


def writer(lab: Lab) -> Writes:
    """With the printed roles, and nothing else."""
    return Writes(lab, WRITER)


def mallory(lab: Lab) -> Writes:
    return Writes(lab, "mallory", MASTERS)


def old(lab: Lab) -> Writes:
    return Writes(lab, WRITER, MASTERS, manager=r.FORMER_FIELD_MANAGER)


def hostile(**gateway: Any) -> Object:
    return {"spec": {"gateway": gateway}}


def lease(name: str, shortcut: str = "") -> Object:
    labels = {r.MANAGED_BY: r.MANAGED_BY_US, r.SHORTCUT_NAME: shortcut} if shortcut else {}
    head = {"apiVersion": r.LEASE.api_version, "kind": r.LEASE.kind}
    return {**head, "metadata": {"name": name, "labels": labels}}


def test_a_writer_works_with_the_roles_that_are_printed(guarded: Lab) -> None:
    who = writer(guarded)
    assert who.patch(f"{RECORD}/status", STATUS) == ""
    assert Writes(guarded, UNICODE).patch(f"{RECORD}/status", STATUS) == ""
    assert who.patch(RECORD, hostile(service={"annotations": {"example.com/pool": "a"}})) == ""
    ours, place = lease("liqo-shortcut-a--b", "a--b"), f"{LEASES}/liqo-shortcut-a--b"
    assert who.post(LEASES, ours) == ""
    assert who.patch(place, {"spec": {"holderIdentity": "me"}}) == ""
    assert who.delete(place) == ""
    made = plugin(guarded, "create", *PAIR, "--dry-run=server", "--as", WRITER)
    assert made.returncode == 0, made.stderr


def test_nobody_else_writes_the_status_or_takes_the_finalizer_off(guarded: Lab) -> None:
    other = mallory(guarded)
    said = other.patch(f"{RECORD}/status", STATUS)
    assert "user mallory may not write the status of a Shortcut" in said
    assert "--admission" in said
    assert other.patch(RECORD, {"metadata": {"finalizers": []}}) == ""  # nothing was made for it
    assert other.patch(RECORD, {"metadata": {"finalizers": [r.FINALIZER]}}) == ""
    assert writer(guarded).patch(f"{RECORD}/status", {"status": {"objects": [MADE]}}) == ""
    said = other.patch(RECORD, {"metadata": {"finalizers": None}})
    assert f"kubectl liqo-shortcut delete {NAME} cleans the leaves" in said
    assert writer(guarded).patch(RECORD, {"metadata": {"finalizers": None}}) == ""
    assert other.patch(RECORD, {"metadata": {"labels": {"team": "a"}}}) == ""
    assert other.patch(RECORD, {"spec": {"gateway": {"mtu": 1300}}}) == ""


@pytest.mark.parametrize(
    ("spec", "option"),
    [
        ({"gateway": {"clientTemplateRef": {"namespace": "prod"}}}, "--allow-template-namespace"),
        ({"gateway": {"service": {"annotations": {"example.com/x": ""}}}}, "--allow-annotation"),
        ({"gateway": {"service": {"labels": {"team": "a"}}}}, "--allow-label"),
        ({"tenantNamespaceReclaimPolicy": "Delete"}, "--allow-reclaim-delete"),
    ],
    ids=["template", "annotation", "label", "reclaim policy"],
)
def test_what_a_record_may_not_name_is_refused(
    guarded: Lab, spec: dict[str, Any], option: str
) -> None:
    for who in (mallory(guarded), writer(guarded)):
        assert option in who.patch(RECORD, {"spec": spec})
    if "gateway" not in spec:
        assert option in mallory(guarded).post(r.SHORTCUT.path(), record("leaf-1--leaf-3", **spec))


def test_what_was_there_before_the_policies_can_still_be_ended(guarded: Lab) -> None:
    path, who = r.SHORTCUT.path(name=OLD), writer(guarded)
    assert "--allow-reclaim-delete" in who.patch(path, {"spec": {"gateway": {"mtu": 1300}}})
    assert who.patch(f"{path}/status", STATUS) == ""
    assert who.delete(path) == ""
    assert who.patch(path, {"metadata": {"finalizers": None}}) == ""
    assert guarded.clusters["hub"].kube.find(path) is None


def test_a_writer_touches_no_lease_of_others(guarded: Lab) -> None:
    who, hub = writer(guarded), guarded.clusters["hub"].kube
    said = f"user {WRITER} may write only the Leases of shortcuts here"
    for wrong in (lease("other"), lease("liqo-shortcut-a--b"), lease("liqo-shortcut-a--b", "b")):
        assert said in who.post(LEASES, wrong)
    hub.create(LEASES, lease("other"))
    hub.create(LEASES, lease("liqo-shortcut-of-others"))
    try:
        for name in ("other", "liqo-shortcut-of-others"):
            assert said in who.patch(f"{LEASES}/{name}", {"spec": {"holderIdentity": "me"}})
            assert said in who.patch(f"{LEASES}/{name}", lease(name, name[-6:]))
            assert said in who.delete(f"{LEASES}/{name}")
    finally:
        for name in ("other", "liqo-shortcut-of-others"):
            hub.delete(f"{LEASES}/{name}")


def test_the_first_release_writes_no_more(guarded: Lab) -> None:
    before = old(guarded)
    for said in (
        before.post(r.SHORTCUT.path(), record("leaf-1--leaf-3")),
        before.patch(RECORD, {"metadata": {"labels": {"a": "b"}}}),
        before.patch(f"{RECORD}/status", STATUS),
    ):
        assert "v0.1.0 may not write Shortcuts here any more" in said
