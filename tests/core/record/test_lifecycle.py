from __future__ import annotations

import dataclasses

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership, Recorded, to_entries
from kubectl_liqo_shortcut.core.model import ObjectRef, ref_of
from kubectl_liqo_shortcut.core.record.lifecycle import expired_at, is_in_use, removed_on, was_ready
from tests.samples import configuration, ends_of, gateway, on, record_of, spec_of, whole_end
from tests.tables import every

NOW = "2026-06-01T12:00:00Z"


@every(
    ("given", "expired"),
    [
        (None, ""),
        ("2026-06-01T11:59:59Z", "2026-06-01T11:59:59Z"),
        (NOW, NOW),
        ("2026-06-01T14:00:00+02:00", "2026-06-01T14:00:00+02:00"),
        ("2026-06-01T12:00:01Z", ""),
    ],
    ids=["never", "before", "now", "now elsewhere", "later"],
)
def test_a_shortcut_expires_at_its_time(given: str | None, expired: str) -> None:
    assert expired_at(record_of(spec=spec_of(expirationTime=given)), NOW) == expired


def test_what_is_not_there_has_not_expired() -> None:
    assert expired_at(None, NOW) == ""


def test_a_link_was_ready_if_the_record_says_since_when() -> None:
    assert was_ready(record_of(status={"firstReadyTime": NOW}))
    assert not was_ready(record_of(status={}))
    assert not was_ready(None)


def recorded(ownership: Ownership = Ownership.CREATED, uid: str = "u") -> dict[ObjectRef, Recorded]:
    refs = [
        ref_of(leaf, body)
        for leaf in ("milan", "rome")
        for body in (configuration(leaf), gateway(leaf))
    ]
    return {ref: Recorded(ref, uid, ownership) for ref in refs}


def test_a_link_of_which_one_part_was_adopted_may_carry_traffic() -> None:
    whole = list(recorded().values())
    assert not is_in_use(record_of(status={"objects": to_entries(whole)}))
    whole[0] = dataclasses.replace(whole[0], ownership=Ownership.ADOPTED)
    assert is_in_use(record_of(status={"objects": to_entries(whole)}))


def test_a_link_with_neither_configuration_nor_gateway_was_removed_on_that_leaf() -> None:
    assert list(removed_on(ends_of(whole_end("milan")), recorded())) == ["rome"]


def test_a_single_loss_is_no_removal() -> None:
    there = whole_end("milan") | on("rome", configuration("rome"))
    assert list(removed_on(ends_of(there), recorded())) == []


def test_what_was_never_made_was_not_removed() -> None:
    assert list(removed_on(ends_of({}), recorded(uid=""))) == []
    assert list(removed_on(ends_of({}), {})) == []


def test_what_others_made_was_not_taken_from_us() -> None:
    assert list(removed_on(ends_of({}), recorded(Ownership.REUSED))) == []


def test_the_gateway_of_the_other_role_is_not_the_one() -> None:
    ref = ObjectRef("rome", r.GATEWAY_CLIENT, "liqo-tenant-milan", "milan")
    entries = recorded()
    del entries[ref_of("rome", gateway("rome"))]
    entries[ref] = Recorded(ref, "u", Ownership.CREATED)
    assert list(removed_on(ends_of(whole_end("milan")), entries)) == []
