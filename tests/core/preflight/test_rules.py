from __future__ import annotations

from typing import Any

import pytest

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.core.preflight.findings import FindingName, Severity
from kubectl_liqo_shortcut.core.preflight.rules import (
    exhausted,
    limited,
    of_error,
    outdated,
    overlaps,
    remapped,
)
from kubectl_liqo_shortcut.core.rbac import access_review
from kubectl_liqo_shortcut.core.rbac.access_review import PermissionAttributes
from kubectl_liqo_shortcut.errors import (
    ClusterError,
    Forbidden,
    Gone,
    NoLiqo,
    NoServer,
    Refused,
    Unreachable,
)
from tests.samples import CLIENT, MILAN, ROME, SERVER, an_object
from tests.tables import every


@every(
    ("error", "name", "cluster"),
    [
        (Unreachable("rome", "silent"), "Unreachable", "rome"),
        (Forbidden("rome", "no"), "Forbidden", "rome"),
        (NoLiqo("rome", "none"), "NoLiqo", "rome"),
        (Gone("rome", "no such kind"), "NoLiqo", "rome"),
        (NoServer("none is reachable"), "NoServer", "milan"),
        (Refused("two of a kind"), "Conflict", "milan"),
        (Refused("networks differ (CIDRMismatch)"), "CIDRMismatch", "milan"),
        (ClusterError("rome", "what"), "Conflict", "rome"),
    ],
    ids=[
        "silent",
        "forbidden",
        "no Liqo",
        "no kind",
        "no server",
        "refused",
        "other networks",
        "another",
    ],
)
def test_an_error_is_a_finding_with_a_name(error: Any, name: str, cluster: str) -> None:
    finding = of_error(error, "milan", FindingName.CONFLICT)
    assert (finding.name, finding.cluster) == (name, cluster)
    assert finding.severity is Severity.ERROR


@every(
    ("mine", "other", "said"),
    [
        (
            Cidrs(("10.61.0.0/16",), ("10.171.0.0/16",)),
            Cidrs(("10.61.128.0/17",), ("10.172.0.0/16",)),
            ["its Pod CIDR 10.61.0.0/16 overlaps the Pod CIDR 10.61.128.0/17 of rome"],
        ),
        (
            Cidrs(("10.61.0.0/16",), ("10.70.0.0/16",)),
            Cidrs(("10.70.0.0/16",), ("10.70.0.0/16",)),
            ["its external CIDR 10.70.0.0/16 overlaps the Pod CIDR 10.70.0.0/16 of rome"],
        ),
        (
            Cidrs(("10.61.0.0/16",), ("10.70.0.0/16",)),
            Cidrs(("10.62.0.0/16",), ("10.70.0.0/16",)),
            [],
        ),
        (
            Cidrs(("10.61.0.0/16", "fd00:61::/48"), ("10.171.0.0/16",)),
            Cidrs(("10.62.0.0/16", "fd00:61:0:8000::/49"), ("10.172.0.0/16",)),
            ["its Pod CIDR fd00:61::/48 overlaps the Pod CIDR fd00:61:0:8000::/49 of rome"],
        ),
        (Cidrs(("::/0",), ("10.171.0.0/16",)), Cidrs(("10.0.0.0/9",), ("10.172.0.0/16",)), []),
        (Cidrs(("10.61.0.0/16",), ("10.171.0.0/16",)), None, []),
    ],
    ids=[
        "Pods",
        "another kind",
        "external alone",
        "IPv6 beside IPv4",
        "not the same family",
        "not known",
    ],
)
def test_networks_that_overlap_are_a_warning_that_calls_each_by_its_kind(
    mine: Cidrs, other: Cidrs | None, said: list[str]
) -> None:
    found = list(overlaps({MILAN: mine, ROME: other}))
    works = "the link works, Liqo remaps them"
    assert [each.message for each in found] == [f"{each}: {works}" for each in said]
    assert all((each.severity, each.cluster) == (Severity.WARNING, MILAN) for each in found)


def configuration_on_hub(leaf: str, own: list[str], seen: list[str] | None) -> dict[str, Any]:
    body = an_object(r.CONFIGURATION, leaf, "liqo-hub", labels={r.REMOTE_CLUSTER_ID: leaf})
    body["spec"] = {"remote": {"cidr": {"pod": own}}}
    return body | ({"status": {"remote": {"cidr": {"pod": seen}}}} if seen else {})


ONE, TWO = ["10.61.0.0/16"], ["10.61.0.0/16", "fd00::/48"]


@every(
    ("own", "seen", "message"),
    [
        (ONE, ["10.70.0.0/16"], "its Pod CIDR 10.61.0.0/16 as 10.70.0.0/16"),
        (
            TWO,
            ["10.61.0.0/16", "fd01::/48"],
            "its Pod CIDR 10.61.0.0/16, fd00::/48 as 10.61.0.0/16, fd01::/48",
        ),
        (ONE, ONE, ""),
        (ONE, None, ""),
        (TWO, ONE, ""),
        (["fd00::/48"], ["FD00:0::/48"], ""),
    ],
    ids=["otherwise", "the second", "as it is", "not yet", "the first alone", "written otherwise"],
)
def test_a_leaf_that_the_hub_remapped_is_a_warning_of_what_does_not_go(
    own: list[str], seen: list[str] | None, message: str
) -> None:
    found = remapped([MILAN, ROME], [configuration_on_hub("milan", own, seen)])
    end = "Services with endpoints there cannot go direct with Liqo 1.2"
    assert [(each.cluster, each.message) for each in found] == (
        [("milan", f"the hub sees {message}: {end}")] if message else []
    )


def crd(**annotations: str) -> dict[str, Any]:
    body = an_object(r.CRD, "shortcuts.shortcut.liqo.io")
    body["metadata"]["annotations"] = annotations
    return body


def test_a_crd_of_this_version_is_fine() -> None:
    assert list(outdated(crd(**{r.SCHEMA_ANNOTATION: r.SCHEMA}))) == []
    assert list(outdated(None)) == []  # another finding


@pytest.mark.parametrize("given", [{}, {r.SCHEMA_ANNOTATION: "0"}, {r.SCHEMA_ANNOTATION: "x"}])
def test_an_older_crd_is_an_error_with_the_one_command(given: dict[str, str]) -> None:
    (finding,) = outdated(crd(**given))
    assert (finding.name, finding.severity) == ("OutdatedCRD", Severity.ERROR)
    assert finding.hint == "kubectl liqo-shortcut crd install"


def test_a_newer_crd_is_a_warning() -> None:
    (finding,) = outdated(crd(**{r.SCHEMA_ANNOTATION: str(int(r.SCHEMA) + 1)}))
    assert (finding.name, finding.severity) == ("NewerCRD", Severity.WARNING)


def quota(hard: dict[str, str], used: dict[str, str]) -> dict[str, Any]:
    status = {"hard": hard, "used": used}
    return an_object(r.RESOURCE_QUOTA, "small", "liqo-tenant-milan", status=status)


@every(
    ("hard", "used", "service", "names"),
    [
        ({"pods": "1"}, {"pods": "1"}, None, ["QuotaExhausted"]),
        ({"pods": "2"}, {"pods": "1"}, None, []),
        ({"services": "1"}, {"services": "1"}, None, []),
        ({"services": "1"}, {"services": "1"}, "ClusterIP", ["QuotaExhausted"]),
        ({"services.nodeports": "0"}, {}, "NodePort", ["QuotaExhausted"]),
        ({"services.nodeports": "0"}, {}, "ClusterIP", []),
        ({"services.loadbalancers": "0"}, {}, "LoadBalancer", ["QuotaExhausted"]),
        ({"services.loadbalancers": "0"}, {}, "NodePort", []),
        ({"requests.cpu": "1"}, {}, None, ["QuotaNeedsResources"]),
        ({"memory": "1Gi"}, {}, None, ["QuotaNeedsResources"]),
        ({"pods": "1k"}, {"pods": "5"}, None, []),
    ],
    ids=str,
)
def test_a_quota_that_leaves_no_room_is_found(
    hard: dict[str, str], used: dict[str, str], service: str | None, names: list[str]
) -> None:
    assert [each.name for each in exhausted("rome", service, [quota(hard, used)])] == names


def limit_range(*limits: dict[str, Any]) -> dict[str, Any]:
    return an_object(r.LIMIT_RANGE, "small", "liqo-tenant-milan", spec={"limits": limits})


@every(
    ("limits", "count"),
    [
        ([{"type": "Pod", "min": {"cpu": "1"}}], 1),
        ([{"type": "Pod", "max": {"cpu": "1", "memory": "1Gi"}}], 2),
        ([{"type": "Pod", "max": {"cpu": "1"}}, {"type": "Container", "max": {"cpu": "1"}}], 0),
        ([{"type": "Container", "min": {"cpu": "1"}}], 0),
    ],
    ids=["least", "most", "with a default", "containers"],
)
def test_a_limit_range_that_refuses_silent_pods_is_found(
    limits: list[dict[str, Any]], count: int
) -> None:
    assert len(list(limited("rome", [limit_range(*limits)]))) == count


def test_a_permission_is_asked_for_and_told_as_kubectl_does() -> None:
    access = PermissionAttributes("patch", r.SHORTCUT, name="milan--rome", subresource="status")
    assert str(access) == "patch shortcuts.shortcut.liqo.io/status/milan--rome"
    assert access.review()["spec"]["resourceAttributes"] == {
        "verb": "patch",
        "group": "shortcut.liqo.io",
        "resource": "shortcuts",
        "subresource": "status",
        "name": "milan--rome",
    }
    assert (
        str(PermissionAttributes("list", r.POD, "liqo-tenant-rome"))
        == "list pods -n liqo-tenant-rome"
    )


@pytest.mark.parametrize("side", [SERVER, CLIENT], ids=["server", "client"])
def test_on_a_leaf_only_what_bears_its_peers_name_is_changed(side: Any) -> None:
    asked = list(access_review.leaf_permissions(side, "tenant"))
    changed = [each for each in asked if each.verb in ("patch", "delete")]
    assert changed
    assert all((each.namespace, each.name) == ("tenant", side.peer) for each in changed)
    assert not any(each.kind == r.SECRET and not each.name for each in asked)


def test_nothing_but_records_and_leases_is_written_on_the_hub() -> None:
    written = {
        each.kind
        for each in access_review.hub_permissions("milan--rome", "liqo")
        if each.verb in ("create", "patch", "delete")
    }
    assert written == {r.SHORTCUT, r.LEASE}


def test_an_answer_without_a_status_allows_nothing() -> None:
    assert not access_review.is_allowed({})
    assert access_review.is_allowed({"status": {"allowed": True}})
