from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, objects_of, to_entries
from kubectl_liqo_shortcut.core.link.shortcut import parse
from kubectl_liqo_shortcut.core.model import Object, ObjectRef
from kubectl_liqo_shortcut.core.record.conditions import REASONS, Reason, condition_of, is_ready
from kubectl_liqo_shortcut.core.record.routes import remaps
from kubectl_liqo_shortcut.core.record.status import Cause, status_of, with_cause
from tests.core.crd import SCHEMA, violations
from tests.core.strategies import specs
from tests.samples import (
    NAMESPACE_OF,
    RENDERER,
    ROME,
    configuration,
    connection,
    ends_of,
    gateway,
    on,
    public_key,
    record_of,
    secret,
    whole_end,
)
from tests.tables import every

EARLIER, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
UP = whole_end("rome") | whole_end("milan")
CONNECTING = UP | on("milan", connection("milan", "Connecting"))
FAILED = UP | on("milan", connection("milan", "Error"))
SERVER_REF = ObjectRef("rome", r.GATEWAY_SERVER, NAMESPACE_OF[ROME], "milan")
STALLED = Cause(Reason.CLEANUP_PENDING, "milan does not answer", stalled=True)


def status(
    objects: Mapping[ObjectRef, Object],
    record: Object | None = None,
    *,
    recorded: Iterable[Recorded] = (),
    cause: Cause | None = None,
    now: str = NOW,
) -> dict[str, Any]:
    return status_of(
        record or record_of(),
        ends_of(objects).values(),
        recorded,
        cluster_uids={"rome": "uid-of-rome", "milan": "uid-of-milan"},
        now=now,
        cause=cause,
    )


def conditions(status: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


@every(
    ("objects", "cause", "expected"),
    [
        (
            UP,
            None,
            {
                "Ready": ("True", "Connected"),
                "NetworksConfigured": ("True", "Configured"),
                "GatewaysReady": ("True", "Accepted"),
                "Connected": ("True", "Connected"),
            },
        ),
        (
            {},
            None,
            {
                "Ready": ("False", "Progressing"),
                "NetworksConfigured": ("False", "Progressing"),
                "GatewaysReady": ("False", "Progressing"),
                "Connected": ("False", "Progressing"),
                "Reconciling": ("True", "Progressing"),
            },
        ),
        (
            FAILED,
            None,
            {
                "Ready": ("False", "Progressing"),
                "NetworksConfigured": ("True", "Configured"),
                "GatewaysReady": ("True", "Accepted"),
                "Connected": ("False", "Error"),
                "Reconciling": ("True", "Progressing"),
            },
        ),
        (
            UP,
            STALLED,
            {
                "Ready": ("False", "CleanupPending"),
                "NetworksConfigured": ("True", "Configured"),
                "GatewaysReady": ("True", "Accepted"),
                "Connected": ("True", "Connected"),
                "Stalled": ("True", "CleanupPending"),
            },
        ),
    ],
    ids=["up", "nothing there", "no answer to pings", "stalled"],
)
def test_conditions_say_how_far_a_shortcut_is(
    objects: dict[ObjectRef, Object], cause: Cause | None, expected: dict[str, tuple[str, str]]
) -> None:
    assert conditions(status(objects, cause=cause)) == expected


def test_the_message_says_what_is_waited_for_first() -> None:
    ready = condition_of({"status": status(whole_end("rome"))}, "Ready")
    assert ready["message"] == "milan: Configuration: not there yet"


def test_a_stage_says_what_each_leaf_says() -> None:
    connected = condition_of({"status": status(CONNECTING)}, "Connected")
    assert connected["message"] == "rome: Connected, 3ms; milan: Connecting"


def test_a_record_is_ready_if_it_says_so() -> None:
    assert is_ready(record_of(status=status(UP)))


@every(
    "record",
    [None, record_of(), record_of(status={}), record_of(status=status(CONNECTING))],
    ids=["no record", "no status", "no conditions", "in progress"],
)
def test_no_other_record_is_ready(record: Object | None) -> None:
    assert not is_ready(record)


def transitions(record: Object, objects: Mapping[ObjectRef, Object]) -> dict[str, str]:
    after = status(objects, record)
    return {each["type"]: each["lastTransitionTime"] for each in after["conditions"]}


def test_a_condition_keeps_its_time_while_its_status_does() -> None:
    before = record_of(status=status(CONNECTING, now=EARLIER))
    assert transitions(before, FAILED)["Connected"] == EARLIER


def test_a_condition_has_a_new_time_when_its_status_changes() -> None:
    before = record_of(status=status(CONNECTING, now=EARLIER))
    assert transitions(before, UP) == {
        "Ready": NOW,
        "NetworksConfigured": EARLIER,
        "GatewaysReady": EARLIER,
        "Connected": NOW,
    }


def test_conditions_are_about_the_generation_that_was_looked_at() -> None:
    after = status(UP, record_of(generation=7))
    assert {each["observedGeneration"] for each in after["conditions"]} == {7}


def test_the_first_time_of_being_ready_is_noted() -> None:
    assert status(UP)["firstReadyTime"] == NOW


def test_the_first_time_of_being_ready_is_kept_when_the_link_breaks() -> None:
    before = record_of(status=status(UP, now=EARLIER))
    assert status(FAILED, before)["firstReadyTime"] == EARLIER


@pytest.mark.parametrize(
    ("objects", "cause"), [(CONNECTING, None), (UP, STALLED)], ids=["not up", "stalled"]
)
def test_what_was_never_ready_has_no_such_time(
    objects: dict[ObjectRef, Object], cause: Cause | None
) -> None:
    assert status(objects, cause=cause)["firstReadyTime"] is None


def test_the_record_says_where_the_server_listens() -> None:
    assert status(UP)["endpoint"] == {"address": "203.0.113.2", "port": 51840, "protocol": "UDP"}


def test_an_endpoint_that_is_gone_is_removed() -> None:
    assert status(whole_end("milan"))["endpoint"] is None


def test_the_record_says_who_reaches_whom_under_which_prefix() -> None:
    remapped = {"remote": {"cidr": {"pod": ["10.71.0.0/16"], "external": ["10.172.0.0/16"]}}}
    objects = UP | on("milan", configuration("milan", status=remapped))
    routes = [route for route in status(objects)["routes"] if route["from"] == "milan"]
    assert routes == [
        {
            "from": "milan",
            "to": "rome",
            "type": "Pod",
            "cidr": "10.62.0.0/16",
            "reachableAs": "10.71.0.0/16",
        },
        {
            "from": "milan",
            "to": "rome",
            "type": "External",
            "cidr": "10.172.0.0/16",
            "reachableAs": "10.172.0.0/16",
        },
    ]


def test_who_reaches_pods_under_another_prefix_is_told_once_for_each_direction() -> None:
    def seen(*pods: str) -> dict[str, object]:
        return {"remote": {"cidr": {"pod": list(pods), "external": ["10.99.0.0/16"]}}}

    two = {
        "remote": {"cidr": {"pod": ["10.61.0.0/16", "fd00::/48"], "external": ["10.171.0.0/16"]}}
    }
    objects = on("milan", configuration("milan", status=seen("10.62.0.0/16"))) | on(
        "rome", configuration("rome", spec=two, status=seen("10.71.0.0/16", "fd01::/48"))
    )
    assert list(remaps({"status": status(UP | objects)})) == [
        "rome reaches Pods of milan at 10.71.0.0/16 (10.61.0.0/16 there), "
        "fd01::/48 (fd00::/48 there)"
    ]


@pytest.mark.parametrize("known", [{}, {"status": {}}, {"status": {"routes": None}}])
def test_of_a_record_that_knows_no_routes_nothing_is_told(known: Object) -> None:
    assert list(remaps(known)) == []


def test_a_route_has_no_prefix_until_liqo_gives_one() -> None:
    objects = on("milan", configuration("milan", status={}))
    assert ["reachableAs" in route for route in status(objects)["routes"]] == [False, False]


def test_each_leaf_is_recorded_with_its_own_word() -> None:
    assert status(CONNECTING)["clusters"] == [
        {
            "clusterID": "rome",
            "uid": "uid-of-rome",
            "tenantNamespace": "liqo-tenant-milan",
            "connection": "Connected",
            "latency": "3ms",
            "lastReachedTime": NOW,
        },
        {
            "clusterID": "milan",
            "uid": "uid-of-milan",
            "tenantNamespace": "liqo-tenant-rome",
            "connection": "Connecting",
            "latency": "3ms",
            "lastReachedTime": NOW,
        },
    ]


def test_a_word_that_liqo_does_not_know_is_unknown() -> None:
    odd = UP | on("milan", connection("milan", "Dancing"))
    assert status(odd)["clusters"][1]["connection"] == "Unknown"


@pytest.mark.parametrize("value", [None, "", "N/A"], ids=repr)
def test_a_latency_that_is_not_measured_is_none(value: str | None) -> None:
    said = {"value": "Connected", "latency": {"value": value}}
    of_milan = on("milan", connection("milan", status=said))
    of_rome = on("rome", connection("rome", status=said))
    assert status(UP | of_milan | of_rome)["latency"] is None
    assert "latency" not in status(UP | of_milan)["clusters"][1]
    assert status(UP | of_milan)["latency"] == "3ms"  # as rome measured it


EARLY, LATE = "2026-01-01T00:00:01Z", "2026-01-01T00:00:31Z"


def measured(leaf: str, value: str, at: str | None) -> dict[ObjectRef, Object]:
    latency = {"value": value} | ({"timestamp": at} if at else {})
    return on(leaf, connection(leaf, status={"value": "Connected", "latency": latency}))


@pytest.mark.parametrize(
    ("milan", "rome", "newest"),
    [
        (EARLY, LATE, "3ms"),
        (LATE, EARLY, "965ms"),
        (None, LATE, "3ms"),
        (EARLY, None, "965ms"),
        (None, None, "965ms"),
        (LATE, "some day", "965ms"),
    ],
)
def test_the_latency_is_what_was_measured_last(
    milan: str | None, rome: str | None, newest: str
) -> None:
    objects = UP | measured("milan", "965ms", milan) | measured("rome", "3ms", rome)
    assert status(objects)["latency"] == newest


@pytest.mark.parametrize(
    ("milan", "rome", "mtu"),
    [(1400, 1340, 1340), (1280, 1340, 1280), (None, 1340, 1340), ("1", 70000, None), (0, 0, None)],
)
def test_the_mtu_is_that_of_the_smaller_gateway(milan: object, rome: object, mtu: int) -> None:
    def with_mtu(leaf: str, value: object) -> dict[ObjectRef, Object]:
        body = gateway(leaf)
        return on(leaf, {**body, "spec": {**body.get("spec", {}), "mtu": value}})

    objects = UP | with_mtu("milan", milan) | with_mtu("rome", rome)
    assert status(objects)["mtu"] == mtu
    assert status({})["mtu"] is None


RECORDED = (
    Recorded(SERVER_REF, "uid-1", Ownership.CREATED),
    Recorded(ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan"), "uid-2", Ownership.REUSED),
    Recorded(ObjectRef("milan", r.PUBLIC_KEY, "ns", "rome"), "", Ownership.ADOPTED),
)


def test_what_is_recorded_is_read_back_as_it_was() -> None:
    record = record_of(status=status(UP, recorded=RECORDED))
    assert objects_of(record) == {each.ref: each for each in RECORDED}


def test_an_entry_of_a_kind_of_later_is_left_alone() -> None:
    later = {**to_entries(RECORDED)[0], "kind": "Wormhole"}
    assert objects_of(record_of(status={"objects": [later]})) == {}


def test_what_belongs_to_somebody_in_a_word_of_later_is_not_ours() -> None:
    later = {**to_entries(RECORDED)[0], "ownership": "Leased"}
    found = objects_of(record_of(status={"objects": [later]}))
    assert found[SERVER_REF].ownership is Ownership.REUSED


def test_an_entry_that_is_called_as_its_own_leaf_is_left_alone() -> None:
    """What belongs to the link is called as the peer."""
    own = {**to_entries(RECORDED)[0], "name": "rome"}
    assert objects_of(record_of(status={"objects": [own]})) == {}


@pytest.mark.parametrize("record", [None, record_of(), record_of(status={"objects": None})])
def test_a_record_without_objects_names_none(record: Object | None) -> None:
    assert objects_of(record) == {}


def test_a_cause_that_was_found_without_looking_at_leaves_keeps_the_rest() -> None:
    before = record_of(status=status(CONNECTING, now=EARLIER))
    after = {each["type"]: each for each in with_cause(before, STALLED, NOW)}
    assert list(after) == ["Ready", "Stalled", "NetworksConfigured", "GatewaysReady", "Connected"]
    assert after["Ready"]["message"] == "milan does not answer"
    assert after["Connected"]["lastTransitionTime"] == EARLIER


def test_a_cause_that_may_pass_stalls_nothing() -> None:
    after = with_cause(record_of(), Cause(Reason.IN_USE_BY_PEERING, "peered"), NOW)
    assert [each["type"] for each in after] == ["Ready"]


def test_no_key_is_ever_in_a_record() -> None:
    private = secret("rome", data={"publicKey": public_key("rome"), "privateKey": "c2VjcmV0"})
    written = str(status(UP | on("rome", private), recorded=RECORDED))
    assert "c2VjcmV0" not in written
    assert public_key("rome") not in written


@every(
    ("objects", "cause"),
    [(UP, None), (CONNECTING, None), ({}, None), (FAILED, STALLED)],
    ids=["up", "in progress", "nothing there", "stalled"],
)
def test_the_hub_accepts_every_status(
    objects: dict[ObjectRef, Object], cause: Cause | None
) -> None:
    written = status(objects, recorded=RECORDED, cause=cause)
    assert list(violations(written, SCHEMA["properties"]["status"], "status")) == []


@given(specs())
def test_the_hub_accepts_every_record(spec: dict[str, Any]) -> None:
    body = RENDERER.record(parse(spec)).body
    assert list(violations(body, SCHEMA, "record")) == []


@every("objects", [UP, CONNECTING, {}, FAILED])
@every("cause", [None, STALLED])
def test_every_condition_has_one_of_its_reasons(
    objects: dict[ObjectRef, Object], cause: Cause | None
) -> None:
    reasons = {str(kind): reasons for kind, reasons in REASONS.items()}
    for kind, (_, reason) in conditions(status(objects, cause=cause)).items():
        assert reason in reasons[kind]


def test_however_much_is_said_the_hub_accepts_the_status() -> None:
    cause = Cause(Reason.FAILED, "é" * 100_000, stalled=True)
    cidrs = [f"10.{number}.0.0/16" + "x" * 500 for number in range(500)]
    many = {"remote": {"cidr": {"pod": [*cidrs, *cidrs], "external": cidrs[:1] * 3}}}
    broken = configuration("milan", spec=many, status=many)
    written = status(UP | on("milan", broken), cause=cause)
    assert list(violations(written, SCHEMA["properties"]["status"], "status")) == []
    assert max(len(each["message"]) for each in written["conditions"]) == 1024
