from __future__ import annotations

from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import Object
from kubectl_liqo_shortcut.core.readiness import Readiness, Status, endpoint_of, readiness
from tests.samples import an_object, configuration, connection, gateway, namespace
from tests.tables import every

ANSWERED = configuration("rome")["status"]


def configured(status: str = "True", **condition: Any) -> dict[str, Any]:
    kind = {"type": "NetworkCIDRsConfigured", "status": status, **condition}
    body = configuration("rome", status={**ANSWERED, "conditions": [{"type": "Other"}, kind]})
    body["metadata"]["generation"] = 2
    return body


def server(**endpoint: Any) -> dict[str, Any]:
    return gateway("rome", status={"endpoint": endpoint})


@every(
    ("obj", "expected"),
    [
        (None, Readiness(Status.NOT_FOUND, "not there yet")),
        (gateway("rome", terminating=True), Readiness(Status.TERMINATING, "is being deleted")),
        (namespace("rome"), Readiness(Status.CURRENT)),
        (an_object(r.PUBLIC_KEY, "milan", "ns", status=None), Readiness(Status.CURRENT)),
        (
            configuration("rome", status=None),
            Readiness(Status.IN_PROGRESS, "Liqo has not answered with its CIDRs yet"),
        ),
        (
            configuration("rome", status={"remote": {"cidr": {"pod": []}}}),
            Readiness(Status.IN_PROGRESS, "Liqo has not answered with its CIDRs yet"),
        ),
        (configuration("rome"), Readiness(Status.CURRENT, "answered by Liqo")),
        (configured(), Readiness(Status.CURRENT, "answered by Liqo")),
        (configured(observedGeneration=2), Readiness(Status.CURRENT, "answered by Liqo")),
        (configured(observedGeneration=1), Readiness(Status.IN_PROGRESS, "not configured")),
        (configured("False", message="busy"), Readiness(Status.IN_PROGRESS, "busy")),
        (gateway("rome"), Readiness(Status.CURRENT, "listens at udp://203.0.113.2:51840")),
        (gateway("rome", status=None), Readiness(Status.IN_PROGRESS, "no endpoint yet")),
        (server(addresses=[""], port=51840), Readiness(Status.IN_PROGRESS, "no endpoint yet")),
        (server(addresses=["a"]), Readiness(Status.IN_PROGRESS, "no endpoint yet")),
        (
            server(addresses=["a", "b"], port=1, protocol="TCP"),
            Readiness(Status.CURRENT, "listens at tcp://a:1"),
        ),
        (gateway("milan"), Readiness(Status.CURRENT, "accepted")),
        (gateway("milan", status={}), Readiness(Status.IN_PROGRESS, "not accepted yet")),
        (connection("rome"), Readiness(Status.CURRENT, "Connected, 3ms")),
        (
            connection("rome", status={"value": "Connected"}),
            Readiness(Status.CURRENT, "Connected"),
        ),
        (connection("rome", "Connecting"), Readiness(Status.IN_PROGRESS, "Connecting")),
        (
            connection("rome", "Error"),
            Readiness(Status.FAILED, "Error: the peer's gateway does not answer pings"),
        ),
        (connection("rome", status=None), Readiness(Status.IN_PROGRESS, "no status yet")),
    ],
    ids=[
        "absent",
        "being deleted",
        "a kind without readiness",
        "a null status",
        "configuration: new",
        "configuration: empty",
        "configuration: before Liqo 1.2",
        "configuration: condition",
        "configuration: of this generation",
        "configuration: of an earlier generation",
        "configuration: refused",
        "server: listens",
        "server: new",
        "server: blank address",
        "server: no port",
        "server: several addresses",
        "client: accepted",
        "client: new",
        "connection: up",
        "connection: up, not measured",
        "connection: connecting",
        "connection: error",
        "connection: new",
    ],
)
def test_an_object_tells_how_far_it_is(obj: Object | None, expected: Readiness) -> None:
    assert readiness(obj) == expected


@every("status", list(Status))
def test_only_what_is_current_is_ready(status: Status) -> None:
    assert bool(Readiness(status)) is (status is Status.CURRENT)


@every(
    ("address", "use"),
    [
        ("fe80::1%eth0; reboot", "with a zone"),
        ("127.0.0.1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("ff02::1", "multicast"),
        ("::", "unspecified"),
        ("0x7f.1", "a number"),
    ],
)
def test_an_address_that_leads_nowhere_is_no_endpoint_and_that_is_said(
    address: str, use: str
) -> None:
    """So it never lands in the other leaf's gateway, which would dial it on its own node."""
    told = server(addresses=[address, "203.0.113.2"], port=51840)
    assert endpoint_of(told) is None
    assert readiness(told) == Readiness(
        Status.IN_PROGRESS,
        f"its endpoint is not taken: address: {address!r} is no address that another cluster "
        f"reaches ({use})",
    )


@every(
    "endpoint",
    [[], "text", 5, {"addresses": "text"}, {"addresses": {}}, {"addresses": []}],
    ids=repr,
)
def test_what_is_no_endpoint_at_all_is_none(endpoint: object) -> None:
    body = gateway("rome", status={"endpoint": endpoint})
    assert readiness(body) == Readiness(Status.IN_PROGRESS, "no endpoint yet")
