"""The causes that a diagnosis can name, each in one word with its meaning and what to do."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.record.conditions import Reason, Word


class CauseName(Word):
    """Why a check failed, in the order in which the chain looks for them."""

    HUB_UNREACHABLE = (
        "HubUnreachable",
        "the hub does not answer, or Liqo is not there",
        "look at the kubeconfig context of the hub",
    )
    NOT_A_LEAF = (
        "NotALeaf",
        "the hub has no Configuration for one of the two: it is no leaf of this hub",
        "liqoctl network connect, or liqoctl peer, between the hub and that cluster",
    )
    LEAF_UNREACHABLE = (
        Reason.LEAF_UNREACHABLE.value,
        "a leaf does not answer, or there are no credentials for it",
        "look whether it is up, and at its kubeconfig context",
    )
    FORBIDDEN = (
        "Forbidden",
        "a leaf answers, but the identity in use may not look",
        "ask that cluster's administrator for the roles of kubectl liqo-shortcut rbac print",
    )
    NO_LIQO = "NoLiqo", "Liqo is not installed on a leaf", "is it the right kubeconfig context?"
    ANOTHER_CLUSTER = (
        "AnotherCluster",
        "another cluster answers in a leaf's place",
        "pass the context that leads to it: --leaf-context ID=CONTEXT",
    )
    REBUILT = (
        "Rebuilt",
        "a leaf was made anew under its old name since the link was made",
        "kubectl liqo-shortcut delete NAME, then create it again",
    )
    TWO_OF_A_KIND = (
        "TwoOfAKind",
        "a leaf has two Configurations or gateways for the other one; Liqo works with one only",
        "delete the wrong one on that cluster",
    )
    NO_SHORTCUT = (
        "NoShortcut",
        "there is no record of a link between the two; what there is, goes through the hub, "
        "or over a link that was made by hand",
        "kubectl liqo-shortcut create A B; for a link that is there: adopt A B",
    )
    TERMINATING = (
        Reason.TERMINATING.value,
        "the record is being deleted",
        "kubectl liqo-shortcut delete NAME",
    )
    EXPIRED = (
        Reason.EXPIRED.value,
        "spec.expirationTime has passed",
        "kubectl edit shortcut NAME, then kubectl liqo-shortcut sync NAME",
    )
    REMOVED_ON_LEAF = (
        Reason.REMOVED_ON_LEAF.value,
        "somebody took Configuration and gateway away on a leaf",
        "kubectl liqo-shortcut sync NAME --recreate, or delete NAME",
    )
    NO_TENANT_NAMESPACE = (
        "NoTenantNamespace",
        "a leaf has no tenant namespace for the other one",
        "kubectl liqo-shortcut sync NAME",
    )
    NAMESPACE_TERMINATING = (
        "NamespaceTerminating",
        "the tenant namespace on a leaf is being deleted",
        "look what holds it: kubectl get namespace NAMESPACE -o yaml there",
    )
    NO_CONFIGURATION = (
        "NoConfiguration",
        "a leaf has no Configuration for the other one",
        "kubectl liqo-shortcut sync NAME",
    )
    CIDR_MISMATCH = (
        "CIDRMismatch",
        "a leaf's Configuration has other networks than the hub knows",
        "kubectl liqo-shortcut diff NAME, then sync NAME",
    )
    NETWORKS_NOT_CONFIGURED = (
        "NetworksNotConfigured",
        "Liqo on a leaf has not answered with its CIDRs",
        "look at the log of Liqo's controller manager there",
    )
    NO_GATEWAY = (
        "NoGateway",
        "a leaf has no gateway for the other one",
        "kubectl liqo-shortcut sync NAME",
    )
    GATEWAY_TERMINATING = (
        "GatewayTerminating",
        "the gateway on a leaf is being deleted",
        "wait, or look what holds it: kubectl get gatewayserver,gatewayclient -A there",
    )
    NO_GATEWAY_POD = (
        "NoGatewayPod",
        "a gateway has no Pod",
        "kubectl describe its Deployment there",
    )
    GATEWAY_POD_NOT_READY = (
        "GatewayPodNotReady",
        "a gateway's Pod is not ready, or crashes",
        "look at its log there",
    )
    ENDPOINT_PENDING = (
        "EndpointPending",
        "the gateway server's Service has no address yet",
        "kubectl describe that Service there; --gw-server-service-type chooses another type",
    )
    WRONG_ENDPOINT = (
        "WrongEndpoint",
        "the client's gateway dials another address than the server listens at",
        "kubectl liqo-shortcut sync NAME",
    )
    NO_KEY = (
        "NoKey",
        "a gateway has no key pair yet",
        "look at the log of Liqo's controller manager there",
    )
    KEY_MISSING = (
        "KeyMissing",
        "a leaf does not know the key of the other one's gateway",
        "kubectl liqo-shortcut sync NAME",
    )
    KEY_MISMATCH = (
        "KeyMismatch",
        "a leaf knows another key than the other one's gateway has",
        "kubectl liqo-shortcut sync NAME",
    )
    NO_CONNECTION = (
        "NoConnection",
        "a gateway has made no Connection yet",
        "look at the log of its container wireguard",
    )
    TUNNEL_DOWN = (
        "TunnelDown",
        "all is in place, and no packets come through",
        "let UDP through from the client's nodes to the server's endpoint",
    )
    STALE_CONNECTION = (
        "StaleConnection",
        "a Connection says Connected, but nothing was heard for a while: it is not believed",
        "look at the log of the gateway's container gateway",
    )
    LABELS_LOST = (
        "LabelsLost",
        "an object on a leaf is on record as ours, and somebody took a label off it or put another "
        "one on: sync and delete leave it as it is",
        "do what why NAME prints: it puts a lost label back, or shows whose the object is now; if "
        "somebody else is to keep it: kubectl liqo-shortcut delete NAME --forget",
    )
    DRIFTED = (
        "Drifted",
        "somebody changed a gateway on a leaf: it is not as the record says",
        "kubectl liqo-shortcut diff NAME, then sync NAME",
    )
    RECORD_STALE = (
        "RecordStale",
        "the link is up, and the hub's record says otherwise, or an edit is not applied",
        "kubectl liqo-shortcut sync NAME",
    )
    UNSEEN = (
        "Unseen",
        "something may not be looked at, so nobody can tell",
        "ask that cluster's administrator to let you list it",
    )
