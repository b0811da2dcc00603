"""Every permission that a command needs, in one table: nobody else has a list of them.

From it come what preflight asks for, what ``leaves`` counts, the printed roles, and their page.
"""

from __future__ import annotations

import dataclasses
import enum
import functools

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind
from kubectl_liqo_shortcut.core.verify.probe import NAMESPACE as PROBE_NAMESPACE


class ClusterScope(enum.StrEnum):
    HUB = "hub"
    LEAF = "leaf"


class Feature(enum.StrEnum):
    """For whom: everybody, or who chooses that part of the program."""

    LINK = "link"
    ADOPT = "adopt"
    SERVICE = "service"
    VERIFY = "verify"
    INSTALL = "install"
    STORED = "stored identity"
    NAMESPACES = "namespaces"  # never printed: the namespaces are printed instead


class RuleScope(enum.StrEnum):
    EVERYWHERE = "the whole cluster"
    LIQO = "Liqo's namespace"
    TENANT = "the tenant namespace of the peer"
    STORED = "the hub's `liqo-tenant-LEAF`"
    EVENTS = "`default`"
    PROBES = f"`{PROBE_NAMESPACE}`"
    SERVICES = "the namespace of the Services"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """Some verbs on kinds of one API group, in one place; without *name*, on all of them.

    A name may hold ``{peer}`` (on the hub, a leaf), ``{namespace}`` (its tenant namespace) and
    ``{shortcut}``. Without what is *optional* the commands go on, and tell less.
    """

    on: ClusterScope
    place: RuleScope = RuleScope.EVERYWHERE
    verbs: tuple[str, ...]
    kinds: tuple[Kind, ...]
    name: str = ""
    subresource: str = ""
    by: tuple[str, ...]
    why: str
    part: Feature = Feature.LINK
    optional: bool = False


PREFLIGHT, CREATE, ADOPT, SYNC = "preflight", "create", "adopt", "sync"
DIFF, DELETE, SERVICE, VERIFY = "diff", "delete", "service", "verify"
LOOK = (PREFLIGHT, CREATE, ADOPT, SYNC, DIFF)
TELL = ("why", "describe", "get --live", SERVICE)
MAKE = (CREATE, ADOPT, SYNC)
REMOVE = (DELETE, SYNC, CREATE)  # an undo removes too

_ONE_OF_A_KIND = (r.CONFIGURATION, r.GATEWAY_SERVER, r.GATEWAY_CLIENT)
_LINK = (*_ONE_OF_A_KIND, r.PUBLIC_KEY)
_CRD = f"{r.SHORTCUT.plural}.{r.SHORTCUT.group}"
_PEERS = "{peer}"
_GATEWAYS = "gw-{peer}"


def _rule(
    on: ClusterScope,
    place: RuleScope,
    verbs: str,
    *kinds: Kind,
    by: tuple[str, ...],
    why: str,
    name: str = "",
) -> PolicyRule:
    words = tuple(verbs.split())
    return PolicyRule(on=on, place=place, verbs=words, kinds=kinds, name=name, by=by, why=why)


_leaf = functools.partial(_rule, ClusterScope.LEAF)
_hub = functools.partial(_rule, ClusterScope.HUB)


def _of(part: Feature, need: PolicyRule) -> PolicyRule:
    return dataclasses.replace(need, part=part)


def _optional(need: PolicyRule) -> PolicyRule:
    return dataclasses.replace(need, optional=True)


_WAITED_FOR = "Liqo's own part is gone before the end"

# fmt: off
_ON_LEAF = (
    _leaf(RuleScope.EVERYWHERE, "list", r.NAMESPACE, by=(*LOOK, *TELL), why="a tenant namespace is found by its labels"),
    _leaf(RuleScope.EVERYWHERE, "watch", r.NAMESPACE, by=MAKE, why="one that is being deleted is waited for"),
    _leaf(RuleScope.EVERYWHERE, "get", r.NAMESPACE, name="kube-system", by=(*LOOK, DELETE, *TELL, VERIFY), why="its UID tells a cluster that was rebuilt"),
    _leaf(RuleScope.EVERYWHERE, "list", r.CONFIGURATION, by=(*LOOK, DELETE, *TELL, VERIFY, "leaves"), why="a second one for a peer, in whatever namespace, breaks Liqo"),
    _leaf(RuleScope.EVERYWHERE, "list", r.GATEWAY_SERVER, r.GATEWAY_CLIENT, by=(*LOOK, DELETE, *TELL), why="a second one for a peer, in whatever namespace, breaks Liqo"),
    _leaf(RuleScope.EVERYWHERE, "watch", *_ONE_OF_A_KIND, by=(*LOOK, DELETE), why="Liqo writes networks and endpoints into them"),
    _leaf(RuleScope.EVERYWHERE, "list", r.CONNECTION, r.PUBLIC_KEY, by=(*LOOK, DELETE, *TELL), why="whether tunnels are up, the one to the hub too"),
    _leaf(RuleScope.EVERYWHERE, "get", r.FOREIGN_CLUSTER, name=_PEERS, by=(ADOPT, *REMOVE), why="a link that a peering uses is not removed"),
    _leaf(RuleScope.LIQO, "get", r.CONFIG_MAP, name=r.CLUSTER_ID_CONFIGMAP, by=(*LOOK, DELETE, *TELL, VERIFY, "leaves"), why="which cluster answers"),
    _leaf(RuleScope.LIQO, "list", r.NETWORK, by=LOOK, why="its own networks"),
    _optional(_leaf(RuleScope.LIQO, "get", r.WG_SERVER_TEMPLATE, r.WG_CLIENT_TEMPLATE, by=(PREFLIGHT, *MAKE), why="whether the gateway's template is there")),
    _optional(_leaf(RuleScope.LIQO, "get", r.DEPLOYMENT, name=r.CONTROLLER_MANAGER, by=("leaves", SERVICE, PREFLIGHT, *MAKE), why="Liqo's version, and whether it denies direct connections")),
    _leaf(RuleScope.TENANT, "create", *_LINK, by=MAKE, why="the link itself"),
    _leaf(RuleScope.TENANT, "get", *_LINK, name=_PEERS, by=(*MAKE, DELETE), why="whose it is, before it is changed or removed"),
    _leaf(RuleScope.TENANT, "patch", *_LINK, name=_PEERS, by=MAKE, why="to repair it, or to label it"),
    _leaf(RuleScope.TENANT, "delete", *_LINK, name=_PEERS, by=REMOVE, why="to remove it, and to undo"),
    _leaf(RuleScope.TENANT, "watch", r.PUBLIC_KEY, name=_PEERS, by=REMOVE, why="it is gone before the end"),
    _leaf(RuleScope.TENANT, "watch", r.CONNECTION, by=(*LOOK, DELETE), why="the tunnel comes up, or goes"),
    _leaf(RuleScope.TENANT, "list watch", r.SECRET, name=_GATEWAYS, by=(*LOOK, DELETE, *TELL), why="the public key of its own gateway: this one Secret, by name"),
    _leaf(RuleScope.TENANT, "list", r.POD, r.SERVICE, by=(DELETE, *TELL, *MAKE), why="how its gateway fares"),
    _leaf(RuleScope.TENANT, "watch", r.POD, by=REMOVE, why=_WAITED_FOR),
    _leaf(RuleScope.TENANT, "watch", r.SERVICE, name=_GATEWAYS, by=REMOVE, why=_WAITED_FOR),
    _leaf(RuleScope.TENANT, "list watch", r.DEPLOYMENT, name=_GATEWAYS, by=REMOVE, why=_WAITED_FOR),
    _leaf(RuleScope.TENANT, "list watch", r.SERVICE_ACCOUNT, name=_PEERS, by=REMOVE, why=_WAITED_FOR),
    _leaf(RuleScope.TENANT, "list watch", r.WG_GATEWAY_SERVER, r.WG_GATEWAY_CLIENT, name=_PEERS, by=REMOVE, why=_WAITED_FOR),
    _leaf(RuleScope.TENANT, "list watch", r.INTERNAL_FABRIC, r.FIREWALL_CONFIGURATION, r.ROUTE_CONFIGURATION, by=REMOVE, why=_WAITED_FOR),
    _leaf(RuleScope.TENANT, "list watch", r.NETWORK, by=REMOVE, why=_WAITED_FOR),
    _optional(_leaf(RuleScope.TENANT, "list", r.RESOURCE_QUOTA, r.LIMIT_RANGE, by=(PREFLIGHT, CREATE, ADOPT), why="whether there is room for a gateway")),
    _of(Feature.ADOPT, _leaf(RuleScope.TENANT, "get patch", r.NAMESPACE, name="{namespace}", by=(ADOPT,), why="to label it")),
    _of(Feature.SERVICE, _leaf(RuleScope.SERVICES, "list", r.ENDPOINT_SLICE, by=(SERVICE, VERIFY, DELETE), why="which way a Service goes")),
    _of(Feature.SERVICE, _leaf(RuleScope.SERVICES, "watch", r.ENDPOINT_SLICE, by=(SERVICE, DELETE), why="when it goes the other way")),
    _of(Feature.SERVICE, _leaf(RuleScope.SERVICES, "patch", r.SHADOW_ENDPOINT_SLICE, by=(SERVICE, DELETE), why="Liqo maps its addresses anew when it changes")),
    _of(Feature.VERIFY, _leaf(RuleScope.PROBES, "get", r.NAMESPACE, name=PROBE_NAMESPACE, by=(VERIFY,), why="whether it is there")),
    _of(Feature.VERIFY, _leaf(RuleScope.PROBES, "create list watch delete", r.POD, by=(VERIFY,), why="the probe Pods; no logs, no exec")),
    _of(Feature.NAMESPACES, _leaf(RuleScope.EVERYWHERE, "create", r.NAMESPACE, by=(CREATE, SYNC, VERIFY), why="only where the namespaces are not made beforehand")),
    _of(Feature.NAMESPACES, _leaf(RuleScope.TENANT, "delete", r.NAMESPACE, name="{namespace}", by=(DELETE,), why="only with --delete-namespaces, which also lists all kinds there")),
    _of(Feature.NAMESPACES, _leaf(RuleScope.PROBES, "delete", r.NAMESPACE, name=PROBE_NAMESPACE, by=(VERIFY,), why="only where verify had to make it")),
)
_RECORDS = (*MAKE, DELETE, VERIFY, DIFF, PREFLIGHT, "get", *TELL, "graph")
_ON_HUB = (
    _hub(RuleScope.EVERYWHERE, "list", r.SHORTCUT, by=_RECORDS, why="the records"),
    _hub(RuleScope.EVERYWHERE, "create", r.SHORTCUT, by=MAKE, why="a record"),
    _hub(RuleScope.EVERYWHERE, "get patch delete", r.SHORTCUT, name="{shortcut}", by=(*MAKE, DELETE), why="a record"),
    dataclasses.replace(_hub(RuleScope.EVERYWHERE, "patch", r.SHORTCUT, name="{shortcut}", by=(*MAKE, DELETE), why="what is known of it"), subresource="status"),
    _optional(_hub(RuleScope.EVERYWHERE, "get", r.CRD, name=_CRD, by=(PREFLIGHT, CREATE, ADOPT), why="whether the kind Shortcut is as new as the program")),
    _hub(RuleScope.EVERYWHERE, "list", r.CONFIGURATION, by=(*LOOK, *TELL, "leaves", "graph"), why="the leaves and their networks"),
    _optional(_hub(RuleScope.EVERYWHERE, "list", r.CONFIGURATION, by=(VERIFY,), why="whether a leaf that no way leads to is misspelt")),
    _hub(RuleScope.EVERYWHERE, "list", r.GATEWAY_CLIENT, by=(*LOOK, "leaves"), why="which leaves it dials"),
    _hub(RuleScope.EVERYWHERE, "list", r.GATEWAY_SERVER, by=("leaves",), why="which leaves dial it"),
    _optional(_hub(RuleScope.EVERYWHERE, "list", r.GATEWAY_SERVER, by=(PREFLIGHT, *MAKE), why="whether they have another MTU")),
    _hub(RuleScope.EVERYWHERE, "list", r.CONNECTION, by=("leaves", "graph"), why="its own tunnels"),
    _optional(_hub(RuleScope.EVERYWHERE, "list", r.NAMESPACE_MAP, by=(DELETE,), why="which Services go over a link: they are switched back first")),
    _hub(RuleScope.EVERYWHERE, "list", r.SERVICE, r.NODE, by=(DELETE,), why="which Services go over a link, where there is offloading: nothing is cut unseen"),
    _hub(RuleScope.EVERYWHERE, "list", r.ENDPOINT_SLICE, by=(DELETE,), why="which Services go over a link, where there is offloading"),
    _of(Feature.SERVICE, _hub(RuleScope.EVERYWHERE, "list", r.NAMESPACE_MAP, by=(SERVICE, VERIFY), why="which leaves see a Service")),
    _of(Feature.SERVICE, _hub(RuleScope.EVERYWHERE, "list", r.SERVICE, r.NODE, by=(SERVICE,), why="Services, and the leaf of an endpoint")),
    _of(Feature.SERVICE, _hub(RuleScope.EVERYWHERE, "list", r.ENDPOINT_SLICE, by=(SERVICE,), why="their endpoints")),
    _hub(RuleScope.LIQO, "get", r.CONFIG_MAP, name=r.CLUSTER_ID_CONFIGMAP, by=(*LOOK, DELETE, *TELL, VERIFY), why="what the hub is called"),
    _optional(_hub(RuleScope.LIQO, "get", r.DEPLOYMENT, name=r.CONTROLLER_MANAGER, by=(PREFLIGHT, *MAKE), why="whether Liqo there has another version than on a leaf")),
    _hub(RuleScope.LIQO, "create", r.LEASE, by=(*MAKE, DELETE, SERVICE), why="one command at a time works on a shortcut"),
    _hub(RuleScope.LIQO, "get list watch patch delete", r.LEASE, name="liqo-shortcut-{shortcut}", by=(*MAKE, DELETE, SERVICE), why="one command at a time works on a shortcut; --admission limits writes to Leases of that name"),
    _optional(_hub(RuleScope.EVENTS, "create", r.EVENT, by=(*MAKE, DELETE), why="each change of Ready is an Event")),
    _optional(_hub(RuleScope.EVENTS, "list", r.EVENT, by=("describe",), why="the Events of a shortcut")),
    _of(Feature.SERVICE, _hub(RuleScope.SERVICES, "get", r.SERVICE, by=(SERVICE, VERIFY, DELETE), why="the Service")),
    _of(Feature.SERVICE, _hub(RuleScope.SERVICES, "patch", r.SERVICE, by=(SERVICE, DELETE), why="to annotate it")),
    _of(Feature.SERVICE, _hub(RuleScope.SERVICES, "watch", r.ENDPOINT_SLICE, by=(SERVICE, DELETE), why="Pods that move meanwhile")),
    _of(Feature.STORED, _hub(RuleScope.STORED, "get", r.SECRET, name="kubeconfig-controlplane-{peer}", by=(*LOOK, DELETE, *TELL, VERIFY, "leaves"), why="the identity that Liqo stored for a leaf, where no context leads there: this one Secret, by name")),
    _of(Feature.INSTALL, _hub(RuleScope.EVERYWHERE, "create get list watch patch", r.CRD, name=_CRD, by=("crd install",), why="the kind Shortcut; a server-side apply that makes it names it")),
)
# fmt: on

NEEDS = (*_ON_LEAF, *_ON_HUB)
