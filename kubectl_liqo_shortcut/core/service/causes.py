"""What keeps a Service from going direct, each in one word with its meaning and what to do."""

from __future__ import annotations

from kubectl_liqo_shortcut.core.record.conditions import Word


class ServiceCause(Word):
    """Why a Service does not go direct: what ``service enable`` refuses by, and what
    ``why --service`` names, in the order in which they look."""

    NO_SERVICE = (
        "NoService",
        "the hub has no Service of that name",
        "kubectl get services -A on the hub",
    )
    NOT_OFFLOADED = (
        "NotOffloaded",
        "no leaf has taken the Service's namespace: no NamespaceMap says Accepted",
        "liqoctl offload namespace NS",
    )
    NOT_REFLECTED = (
        "NotReflected",
        "the Service bears liqo.io/skip-reflection: no leaf sees it",
        "take that annotation off",
    )
    NO_ENDPOINTS = (
        "NoEndpoints",
        "the Service has no endpoints on a leaf that another leaf sees",
        "look at its Pods: kubectl get pods -n NS -o wide on the hub",
    )
    PUBLISHES_NOT_READY = (
        "PublishesNotReady",
        "the Service has publishNotReadyAddresses, which Liqo's direct connections do not go with",
        "set spec.publishNotReadyAddresses to false",
    )
    UNTOLD_ENDPOINT = (
        "UntoldEndpoint",
        "an endpoint without nodeName or targetRef, or with an address that is no Pod's: leaves "
        "would be given that address as it is, which leads nowhere",
        "give the Service no endpoints but Pods, such as by a selector",
    )
    PAYLOAD_TOO_LARGE = (
        "PayloadTooLarge",
        "an EndpointSlice's annotations on the leaves would pass 256 KiB, so Liqo would not "
        "reflect it any more",
        "fewer endpoints, or smaller annotations",
    )
    LEAF_UNREACHABLE = (
        "LeafUnreachable",
        "a leaf that the Service has to do with cannot be asked",
        "look whether it is up, and at its kubeconfig context: kubectl liqo-shortcut leaves",
    )
    DENIED = (
        "Denied",
        "Liqo on a leaf runs with --deny-direct-connections: it would drop the endpoints",
        "helm upgrade there with networking.denyDirectConnections=false",
    )
    REMAPPED_BY_HUB = (
        "RemappedByHub",
        "the hub sees a leaf's Pod network under another prefix: Liqo 1.2 cannot map such an "
        "address, and the slice on the other leaves would freeze",
        "give that leaf a Pod network that is free on the hub",
    )
    NO_SHORTCUT = (
        "NoShortcut",
        "two leaves of which one sees endpoints on the other have no shortcut",
        "--create-shortcuts makes what is missing; or kubectl liqo-shortcut create A B",
    )
    SHORTCUT_NOT_READY = (
        "ShortcutNotReady",
        "the shortcut of two leaves does not carry packets now",
        "kubectl liqo-shortcut why A B",
    )
    UNMAPPABLE = (
        "Unmappable",
        "a leaf's Configuration for the other one does not cover an endpoint's address, so the "
        "whole slice there would freeze",
        "kubectl liqo-shortcut why A B",
    )
    SLICE_MISSING = (
        "SliceMissing",
        "a leaf has no EndpointSlice for one of the hub: callers there find nothing in its place",
        "look at the log of the hub's virtual-kubelet for that leaf, and of Liqo's controller "
        "manager there",
    )
    SLICE_STALE = (
        "SliceStale",
        "a leaf's EndpointSlice does not hold what the Service asks for: it is frozen, or on its "
        "way",
        "kubectl liqo-shortcut service enable NS/NAME pokes it",
    )
    NOT_READY_ON_LEAF = (
        "NotReadyOnLeaf",
        "endpoints that are ready on the hub are not so on a leaf: Liqo there takes the hub for "
        "gone, and refuses calls although a direct tunnel works",
        "look at the link of that leaf to the hub: kubectl get connections -A there",
    )
    NOT_ANNOTATED = (
        "NotAnnotated",
        "nobody asked for direct connections: it goes through the hub",
        "kubectl liqo-shortcut service enable NS/NAME",
    )
