"""The kinds we read and write, in the words of their APIs: the code has no words of its own."""

from __future__ import annotations

import dataclasses
import urllib.parse

from kubectl_liqo_shortcut.errors import ShortcutError

GROUP = "shortcut.liqo.io"
API_VERSION = f"{GROUP}/v1alpha1"
FIELD_MANAGER = "liqo-shortcut"
"""Not our program's name: Flux takes away every field whose manager begins with ``kubectl``."""
FORMER_FIELD_MANAGER = "kubectl-liqo-shortcut"
"""Of v0.1.0."""
FINALIZER = f"{GROUP}/cleanup"
SCHEMA_ANNOTATION = f"{GROUP}/schema"
SCHEMA = "3"
"""Of the kind Shortcut: one more with each change of its schema but of descriptions.

A hub with an older one drops fields without a word, so ``create`` refuses (OutdatedCRD). A
description loses nothing and is not worth a refusal; ``crd install`` brings it all the same.
"""

# Labels and names that Liqo gives a meaning (liqotech/liqo v1.2.0, pkg/consts).
REMOTE_CLUSTER_ID = "liqo.io/remote-cluster-id"
TENANT_NAMESPACE = "liqo.io/tenant-namespace"
LIQO_NAMESPACE = "liqo"
CLUSTER_ID_CONFIGMAP = "liqo-clusterid-configmap"
CONTROLLER_MANAGER = "liqo-controller-manager"
NETWORK_TYPE = "ipam.liqo.io/network-type"
NODE_TYPE = "liqo.io/type"
VIRTUAL_NODE_TYPE = "virtual-node"
USE_DIRECT = "liqo.io/use-direct-connections"
DIRECT_DATA = "liqo.io/direct-connections-data"
SKIP_REFLECTION = "liqo.io/skip-reflection"
REFLECTED_FROM = "offloading.liqo.io/origin"

# Labels that mark an object as made for a shortcut.
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY_US = "kubectl-liqo-shortcut"
"""As v0.1.0 wrote it: another value would disown every link that is there."""
SHORTCUT_NAME = f"{GROUP}/name"
SHORTCUT_HUB = f"{GROUP}/hub"
VERIFY_RUN = f"{GROUP}/verify"
"""On a probe Pod: the run of ``verify`` that it belongs to."""

SERVICE_NAME = "kubernetes.io/service-name"
"""On an EndpointSlice: the Service whose endpoints it has."""


class BadName(ShortcutError):
    """A name that no object can have, since it would be another path of the API server."""


def api_path(api_version: str, *segments: str) -> str:
    """The path of *segments* below *api_version*; each stays one segment, whatever it holds."""
    group, slash, version = api_version.partition("/")
    root = ("apis", group, version) if slash else ("api", group)
    return "".join(f"/{_segment(each)}" for each in (*root, *segments))


def _segment(text: str) -> str:
    """*text* for a URL; what an API server takes for more than a name is refused, as by kubectl.

    A server decodes before it looks for slashes and dots, so that no escape would help.
    """
    if text in ("", ".", "..") or not {"/", "%", "\0"}.isdisjoint(text):
        raise BadName(f"{text!r} is no name of an object")
    try:
        return urllib.parse.quote(text, safe="")
    except UnicodeEncodeError as error:  # half of a character
        raise BadName(f"{text!r} is no name of an object") from error


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind and where its API serves it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.partition("/")[0] if "/" in self.api_version else ""

    @property
    def resource(self) -> str:
        """As an argument of kubectl: ``gatewayservers.networking.liqo.io``, ``namespaces``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of this kind on an API server; without *namespace*, of all namespaces.

        Raises ``BadName`` for what would lead elsewhere.
        """
        scope = ("namespaces", namespace) if self.namespaced and namespace else ()
        return api_path(self.api_version, *scope, self.plural, *((name,) if name else ()))

    def __str__(self) -> str:
        """kubectl's form: ``gatewayserver.networking.liqo.io``, ``namespace``."""
        return self.kind.lower() + (f".{self.group}" if self.group else "")


_NETWORKING = "networking.liqo.io/v1beta1"

NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
EVENT = Kind("v1", "Event", "events")
SECRET = Kind("v1", "Secret", "secrets")
SERVICE = Kind("v1", "Service", "services")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
POD = Kind("v1", "Pod", "pods")
NODE = Kind("v1", "Node", "nodes", namespaced=False)
ENDPOINT_SLICE = Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
CONFIGURATION = Kind(_NETWORKING, "Configuration", "configurations")
CONNECTION = Kind(_NETWORKING, "Connection", "connections")
GATEWAY_CLIENT = Kind(_NETWORKING, "GatewayClient", "gatewayclients")
GATEWAY_SERVER = Kind(_NETWORKING, "GatewayServer", "gatewayservers")
INTERNAL_FABRIC = Kind(_NETWORKING, "InternalFabric", "internalfabrics")
PUBLIC_KEY = Kind(_NETWORKING, "PublicKey", "publickeies")  # Liqo's own spelling
WG_GATEWAY_CLIENT = Kind(_NETWORKING, "WgGatewayClient", "wggatewayclients")
WG_GATEWAY_SERVER = Kind(_NETWORKING, "WgGatewayServer", "wggatewayservers")
FIREWALL_CONFIGURATION = Kind(_NETWORKING, "FirewallConfiguration", "firewallconfigurations")
ROUTE_CONFIGURATION = Kind(_NETWORKING, "RouteConfiguration", "routeconfigurations")
NETWORK = Kind("ipam.liqo.io/v1alpha1", "Network", "networks")
FOREIGN_CLUSTER = Kind(
    "core.liqo.io/v1beta1", "ForeignCluster", "foreignclusters", namespaced=False
)
_AUTHENTICATION = "authentication.liqo.io/v1beta1"
IDENTITY = Kind(_AUTHENTICATION, "Identity", "identities")
RESOURCE_SLICE = Kind(_AUTHENTICATION, "ResourceSlice", "resourceslices")
_OFFLOADING = "offloading.liqo.io/v1beta1"
VIRTUAL_NODE = Kind(_OFFLOADING, "VirtualNode", "virtualnodes")
NAMESPACE_MAP = Kind(_OFFLOADING, "NamespaceMap", "namespacemaps")
SHADOW_ENDPOINT_SLICE = Kind(_OFFLOADING, "ShadowEndpointSlice", "shadowendpointslices")
SHORTCUT = Kind(API_VERSION, "Shortcut", "shortcuts", namespaced=False)
CRD = Kind(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
SELF_SUBJECT_REVIEW = Kind(
    "authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False
)
SELF_SUBJECT_ACCESS_REVIEW = Kind(
    "authorization.k8s.io/v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    namespaced=False,
)
_RBAC = "rbac.authorization.k8s.io/v1"
ROLE = Kind(_RBAC, "Role", "roles")
ROLE_BINDING = Kind(_RBAC, "RoleBinding", "rolebindings")
CLUSTER_ROLE = Kind(_RBAC, "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(_RBAC, "ClusterRoleBinding", "clusterrolebindings", namespaced=False)
_ADMISSION = "admissionregistration.k8s.io/v1"
ADMISSION_POLICY = Kind(
    _ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", namespaced=False
)
ADMISSION_POLICY_BINDING = Kind(
    _ADMISSION,
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
    namespaced=False,
)
RESOURCE_QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")
LIMIT_RANGE = Kind("v1", "LimitRange", "limitranges")
WG_SERVER_TEMPLATE = Kind(_NETWORKING, "WgGatewayServerTemplate", "wggatewayservertemplates")
WG_CLIENT_TEMPLATE = Kind(_NETWORKING, "WgGatewayClientTemplate", "wggatewayclienttemplates")

LINK_KINDS = (NAMESPACE, CONFIGURATION, GATEWAY_SERVER, GATEWAY_CLIENT, PUBLIC_KEY)
"""What a link is made of, in the order of creation; Liqo makes the rest."""

_BY_NAME = {
    (kind.api_version, kind.kind): kind
    for kind in globals().copy().values()
    if isinstance(kind, Kind)
}


def kind_of(api_version: str, kind: str) -> Kind | None:
    """The kind of a decoded object, None if it is none of ours."""
    return _BY_NAME.get((api_version, kind))
