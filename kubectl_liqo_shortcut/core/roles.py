"""Which leaf is the WireGuard server: the one that the other can reach."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.facts import Facts
from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.errors import Refused


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
        return first, "both are gateway servers towards the hub, the first in order is taken"
    if all(facts.leaves[leaf].serves_hub is None for leaf in (first, second)):
        return first, "nothing is known of the leaves, the first in order is taken"
    raise Refused(
        f"neither {first} nor {second} is gateway server towards the hub: "
        "none is known to be reachable from outside",
        hint=f"forward a UDP port to one of them, say {first}, and pass --gw-server {first} "
        "--gw-server-service-type NodePort --gw-server-service-nodeport PORT "
        "--gw-client-address ADDRESS --gw-client-port PORT",
    )
