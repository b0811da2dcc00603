"""The names of what a preflight finds, each with its severity, its meaning and what to do."""

from __future__ import annotations

import dataclasses
import enum
from typing import Self

from kubectl_liqo_shortcut.errors import in_lines, lines_of


class Severity(enum.StrEnum):
    """An error refuses; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


class FindingName(enum.StrEnum):
    """A finding in one word, for programs; *remedy* is the hint where it knows no better one."""

    severity: Severity
    meaning: str
    remedy: str

    def __new__(cls, word: str, severity: Severity, meaning: str, remedy: str) -> Self:
        member = str.__new__(cls, word)
        member._value_ = word
        member.severity = severity
        member.meaning = meaning
        member.remedy = remedy
        return member

    UNREACHABLE = (
        "Unreachable",
        Severity.ERROR,
        "a cluster does not answer",
        "look whether it is up, and whether the kubeconfig context leads to it",
    )
    FORBIDDEN = (
        "Forbidden",
        Severity.ERROR,
        "the identity in use may not read what a first look needs",
        "ask that cluster's administrator for the roles of kubectl liqo-shortcut rbac print",
    )
    MISSING_PERMISSIONS = (
        "MissingPermissions",
        Severity.ERROR,
        "the identity in use lacks permissions that the command needs later",
        "ask that cluster's administrator for the roles of kubectl liqo-shortcut rbac print "
        "(adopt: with --adopt)",
    )
    NO_LIQO = (
        "NoLiqo",
        Severity.ERROR,
        "Liqo, or a kind that is needed, is not installed there",
        "install it; on the hub, for the kind Shortcut: kubectl liqo-shortcut crd install",
    )
    CIDR_MISMATCH = (
        "CIDRMismatch",
        Severity.ERROR,
        "a leaf's own networks are not those that the hub's Configuration for it says",
        "connect the hub and that leaf again: liqoctl network connect",
    )
    UNUSABLE_CIDR = (
        "UnusableCIDR",
        Severity.ERROR,
        "a leaf's network, or what the other leaf's Liqo made of it, is none that may be routed: "
        "it is as good as everything, or holds loopback, link-local or other special addresses",
        "give that leaf another network in its Liqo, then connect the hub and it again",
    )
    CIDR_HOLDS_ADDRESS = (
        "CIDRHoldsAddress",
        Severity.ERROR,
        "a leaf's network holds the endpoint of a gateway of the link, or an API server",
        "give that leaf another network in its Liqo, then connect the hub and it again",
    )
    UNNAMED_NAMESPACE = (
        "UnnamedTenantNamespace",
        Severity.ERROR,
        "a tenant namespace has another name than Liqo gives it: anybody may have labelled it so, "
        "and would be given the gateway's private key",
        "name it, if it is meant: --tenant-namespace LEAF=NAME, in a file spec.tenantNamespaces",
    )
    CONFLICT = (
        "Conflict",
        Severity.ERROR,
        "an object of somebody else stands in the way",
        "take away what the message names, or the shortcut that it belongs to",
    )
    NO_SERVER = (
        "NoServer",
        Severity.ERROR,
        "neither leaf is known to be reachable from outside, and none is named as gateway server",
        "forward a UDP port to one of them, or name one that a load balancer makes reachable; "
        "the hint of create tells how",
    )
    SERVER_BEHIND_NAT = (
        "ServerBehindNAT",
        Severity.ERROR,
        "the leaf named as gateway server is not known to be reachable from outside; the other is",
        "let the other one be the server, or say by what this one is reached: "
        "--gw-server-service-type, or a forwarded UDP port: --gw-client-address, --gw-client-port",
    )
    SERVER_UNKNOWN = (
        "ServerUnknown",
        Severity.WARNING,
        "the leaf named as gateway server is not known to be reachable from outside",
        "a load balancer may make it so; if it is behind NAT, forward a UDP port to it: "
        "--gw-client-address, --gw-client-port",
    )
    REFUSED = (
        "Refused",
        Severity.ERROR,
        "something else forbids the shortcut; the message says what",
        "the hint says what to do",
    )
    REJECTED = (
        "Rejected",
        Severity.ERROR,
        "an API server would not take an object (create --dry-run=server)",
        "nothing was kept",
    )
    TEMPLATE_MISSING = (
        "TemplateMissing",
        Severity.ERROR,
        "the Liqo gateway template that the gateway is made from is not there",
        "name one that is there: --gw-server-template-name, --gw-client-template-name",
    )
    TEMPLATE_UNUSABLE = (
        "TemplateUnusable",
        Severity.ERROR,
        "Liqo cannot make a gateway from the template that is named, whatever its kind",
        "see that spec.objectKind and spec.template of it are as in Liqo's own templates",
    )
    QUOTA_EXHAUSTED = (
        "QuotaExhausted",
        Severity.ERROR,
        "a ResourceQuota of the tenant namespace leaves no room for the gateway",
        "raise it there, or free some",
    )
    NODE_PORT_TAKEN = (
        "NodePortTaken",
        Severity.ERROR,
        "the node port that is named for the gateway server is that of another gateway on its leaf",
        "name another one: --gw-server-service-nodeport, or leave it out: Kubernetes chooses one",
    )
    OUTDATED_CRD = (
        "OutdatedCRD",
        Severity.ERROR,
        "the hub's kind Shortcut is older than this program: the hub would drop fields of a record",
        "kubectl liqo-shortcut crd install",
    )
    NEWER_CRD = (
        "NewerCRD",
        Severity.WARNING,
        "the hub's kind Shortcut is newer than this program",
        "update the plugin",
    )
    OVERLAPPING_CIDRS = (
        "OverlappingCIDRs",
        Severity.WARNING,
        "networks of the two leaves overlap: Liqo remaps them, so the link works",
        "nothing; describe shows under which prefix each leaf reaches the other one",
    )
    PUBLIC_CIDR = (
        "PublicCIDR",
        Severity.WARNING,
        "a leaf's network has addresses of the Internet, which the other leaf will not reach there",
        "nothing, if these addresses are that leaf's own",
    )
    CIDR_HOLDS_NODE = (
        "CIDRHoldsNode",
        Severity.WARNING,
        "a leaf's network holds an address by which the other leaf can be reached",
        "see that the two leaves have no addresses in common",
    )
    ENDPOINT_NOT_TAKEN = (
        "EndpointNotTaken",
        Severity.WARNING,
        "a gateway server tells an endpoint that no other cluster reaches",
        "give its Service an address that the other leaf reaches, or name one: --gw-client-address",
    )
    REMAPPED_BY_HUB = (
        "RemappedByHub",
        Severity.WARNING,
        "the hub sees a leaf's Pod network under another prefix: Services with endpoints there "
        "cannot go direct with Liqo 1.2",
        "the link works all the same; such Services stay on the hub's path",
    )
    TEMPLATE_IGNORES_OPTIONS = (
        "TemplateIgnoresOptions",
        Severity.WARNING,
        "the gateway template has values of its own for what the shortcut says",
        "both gateways must have the same MTU; use the variable in the template, or do without",
    )
    VERSION_SKEW = (
        "VersionSkew",
        Severity.WARNING,
        "Liqo is not of the same version on the hub and both leaves",
        "it may well work; update Liqo where it is older, if it does not",
    )
    OTHER_MTU = (
        "OtherMTU",
        Severity.WARNING,
        "the hub's own gateway to a leaf has another MTU than the shortcut will have",
        "--mtu gives the shortcut the same, should the way between the leaves need it too",
    )
    QUOTA_NEEDS_RESOURCES = (
        "QuotaNeedsResources",
        Severity.WARNING,
        "a ResourceQuota refuses Pods that do not say how much CPU or memory they need",
        "give Liqo's gateway template resources, or the namespace a LimitRange",
    )
    LIMIT_RANGE = (
        "LimitRange",
        Severity.WARNING,
        "a LimitRange refuses Pods that do not say how much they need",
        "give Liqo's gateway template resources, or the LimitRange defaults",
    )
    TERMINATING_NAMESPACE = (
        "TerminatingNamespace",
        Severity.WARNING,
        "a tenant namespace is being deleted: create waits until it is gone, and makes it anew",
        "if it does not end by itself, take away there what holds it",
    )
    POD_SECURITY = (
        "PodSecurity",
        Severity.WARNING,
        "a label of a tenant namespace that is there already keeps privileged Pods out, as the "
        "gateway's is",
        "there: kubectl label namespace NAMESPACE pod-security.kubernetes.io/enforce=privileged "
        "--overwrite",
    )
    UNCHECKED = (
        "Unchecked",
        Severity.WARNING,
        "something could not be asked or tried, so nothing is known of it",
        "the message says what; it may go well all the same",
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: where, what, and what to do."""

    name: FindingName
    cluster: str
    message: str
    hint: str = ""

    @property
    def severity(self) -> Severity:
        return self.name.severity

    @property
    def warning(self) -> str:
        """For who goes on all the same: in one line, unless the hint has several."""
        text = f"warning: {self.cluster}: {self.message} ({self.name})"
        if not self.hint:
            return text
        first, *others = lines_of(self.hint)
        whole = f"{text} -> {self.hint}"
        below = (f"  -> {first}", *(f"     {each}" for each in others))
        return in_lines(whole, (text, *below) if others else ())
