from __future__ import annotations

from kubectl_liqo_shortcut.core.hub.leaves import DirectSupport, LeafStatus, Reachability
from kubectl_liqo_shortcut.output.leaves import leaf_document, trouble_lines
from tests.output.test_tables import LEAVES, leaf


def test_a_document_tells_all_that_is_known() -> None:
    assert leaf_document(LEAVES[0]) == {
        "apiVersion": "shortcut.liqo.io/v1alpha1",
        "kind": "Leaf",
        "metadata": {"name": "milan"},
        "via": "context:milan",
        "canServe": {"answer": "yes", "address": "203.0.113.1"},
        "podCIDR": ["10.61.0.0/16"],
        "externalCIDR": ["10.171.0.0/16"],
        "onHub": {
            "podCIDR": ["10.61.0.0/16"],
            "tenantNamespace": "liqo-tenant-milan",
            "connection": "Connected",
            "latency": "4ms",
        },
        "directServices": {"answer": "yes", "reason": None},
        "liqoVersion": "v1.2.0",
        "access": {"status": "ok", "message": None, "hint": None, "missingPermissions": []},
    }


def test_a_document_says_null_where_nobody_knows() -> None:
    says = LeafStatus(reach=Reachability.UNREACHABLE, message="silent", hint="is it up?")
    document = leaf_document(
        leaf("rome", says, DirectSupport.REMAPPED, cidrs=None, on_hub=(), serves=None)
    )
    assert (document["podCIDR"], document["onHub"]["podCIDR"]) == (None, None)
    assert document["canServe"] == {"answer": "unknown", "address": None}
    assert document["directServices"] == {"answer": "no", "reason": "remapped"}
    assert document["access"] == {
        "status": "unreachable",
        "message": "silent",
        "hint": "is it up?",
        "missingPermissions": [],
    }


def test_trouble_is_told_with_what_to_do_and_cannot_steer_a_terminal() -> None:
    silent = LeafStatus(reach=Reachability.UNREACHABLE, message="silent\x07", hint="is it up?")
    denied = LeafStatus(reach=Reachability.FORBIDDEN, message="not allowed")
    leaves = [
        leaf(each, says, DirectSupport.UNKNOWN) for each, says in (("a", silent), ("b", denied))
    ]
    assert list(trouble_lines([*LEAVES, *leaves])) == [
        r"silent\x07",
        "Hint: is it up?",
        "not allowed",
    ]
