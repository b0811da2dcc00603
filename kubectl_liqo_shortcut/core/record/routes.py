"""What the record keeps of each leaf: its own word of the link, and whom it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.model import Object, dig
from kubectl_liqo_shortcut.core.networks import same_network

_MOST, _LONGEST = 16, 43  # networks of a kind, and characters of one: more is not recorded


def routes_of(end: End) -> Iterator[dict[str, str]]:
    """Who reaches whom under which prefix: Liqo may have remapped the peer's CIDRs."""
    configuration = end.configuration or {}
    wanted = dig(configuration, "spec", "remote", "cidr") or {}
    seen = dig(configuration, "status", "remote", "cidr") or {}
    for kind in ("pod", "external"):
        reachable = list(seen.get(kind) or ())
        own = [str(each)[:_LONGEST] for each in wanted.get(kind) or ()]
        for number, cidr in enumerate(own[:_MOST]):
            if cidr in own[:number]:
                continue  # the record has each once
            route = {
                "from": end.side.leaf,
                "to": end.side.peer,
                "type": kind.capitalize(),
                "cidr": cidr,
            }
            if number < len(reachable):
                route["reachableAs"] = str(reachable[number])[:_LONGEST]
            yield route


def remapped_to(route: Mapping[str, Any]) -> str:
    """The other prefix that Liqo gave that network; empty if it gave none, or none yet."""
    seen = str(route.get("reachableAs") or "")
    return "" if same_network(seen, route["cidr"]) else seen


def remaps(record: Object) -> Iterator[str]:
    """A sentence for each direction in which Pods are reached under another prefix than theirs."""
    prefixes: dict[tuple[str, str], list[str]] = {}
    for route in dig(record, "status", "routes") or ():
        if route["type"] == "Pod" and (seen := remapped_to(route)):
            found = prefixes.setdefault((route["from"], route["to"]), [])
            found.append(f"{seen} ({route['cidr']} there)")
    for (leaf, peer), found in prefixes.items():
        yield f"{leaf} reaches Pods of {peer} at {', '.join(found)}"
