"""Which leaf is the WireGuard server: the one that the other can reach."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.core.preflight.reachability import port_forward
from kubectl_liqo_shortcut.errors import NoServer, listing, together


def choose_server(facts: Facts, wanted: ClusterID | None) -> tuple[ClusterID, str]:
    """The server's ID, and why it is the one.

    *wanted*, else the leaf that is gateway server towards the hub already, since it can be reached
    from outside; where that does not decide, the first ID in sorted order.
    """
    first, second = sorted(facts.leaves)
    if wanted is not None:
        return wanted, "as asked for"
    serving = [leaf for leaf in (first, second) if facts.leaves[leaf].serves_hub]
    if len(serving) == 1:
        return serving[0], "it is already gateway server towards the hub"
    if len(serving) == 2:
        return first, "both are gateway servers towards the hub, the first by name is taken"
    known = [facts.leaves[leaf].serves_hub is not None for leaf in (first, second)]
    if not any(known):
        return first, "nothing is known of the leaves, the first by name is taken"
    said = "is" if all(known) else "is known to be"
    raise NoServer(
        f"neither {first} nor {second} {said} gateway server towards the hub: "
        "neither is known to be reachable from outside",
        hint=together(
            (
                listing(
                    f"forward a UDP port to {first} or {second}; for {first}:",
                    port_forward(first, second),
                ),
                listing(f"Or, where {second} reaches {first} anyway:", _without_nat(first)),
            ),
            ". ",
        ),
    )


def _without_nat(server: ClusterID) -> tuple[str, str]:
    return (
        f"by a load balancer, --gw-server {server}",
        f"within one network, --gw-server {server} --gw-server-service-type NodePort",
    )
