"""The Pods that prove a path: one serves, one calls. What they are asked for, as manifests."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, labels_of
from kubectl_liqo_shortcut.core.networks import host_and_port
from kubectl_liqo_shortcut.core.ports import Selection
from kubectl_liqo_shortcut.errors import Invalid

if TYPE_CHECKING:  # templates take a while to import, and the command's help needs none
    from kubectl_liqo_shortcut.core.link.render import Pending, Renderer, Unknown

NAMESPACE = "liqo-shortcut-verify"
IMAGE = (
    "docker.io/library/python:3.13.7-alpine"
    "@sha256:9ba6d8cbebf0fb6546ae71f2a1c14f6ffd2fdab83af7fa5669734ef30ad48844"
)
"""By digest: whoever may move the tag would otherwise choose what runs on both leaves."""
PORT = 18080
PROGRAM = "probe.py"
"""Among the templates: what a probe Pod runs."""

ALL_RUNS = Selection(r.POD, NAMESPACE, labels=r.VERIFY_RUN)
"""Probe Pods of whatever run."""


class ProbeRole(enum.StrEnum):
    SERVER = "server"
    CLIENT = "client"


_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """On which nodes probe Pods may run, and by which Secret their image is pulled."""

    node_selector: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tolerations: Sequence[Object] = ()
    pull_secret: str = ""  # in the namespace of the probe Pods


ANYWHERE = Placement()


def toleration(given: str) -> Object:
    """From a taint as kubectl writes it, ``KEY[=VALUE][:EFFECT]``; without them, any will do."""
    taint, colon, effect = given.partition(":")
    key, equals, value = taint.partition("=")
    if not key:
        raise Invalid(
            f"--toleration: {given!r} has no key", hint="for example dedicated=infra:NoSchedule"
        )
    made = {"key": validation.text(key, "--toleration")}
    made |= {"operator": "Equal", "value": value} if equals else {"operator": "Exists"}
    return made | ({"effect": validation.choice(effect, "--toleration", _EFFECTS)} if colon else {})


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """One probe Pod, for its template."""

    name: str
    namespace: str
    role: ProbeRole
    shortcut: str
    run: str
    seconds: int
    image: str
    placement: Placement
    program: str
    arguments: Sequence[str | Unknown]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """What all probe Pods of one run have in common; *run* tells them from another run's."""

    renderer: Renderer
    program: str
    shortcut: str
    run: str
    seconds: int  # then each ends by itself
    image: str = IMAGE
    placement: Placement = ANYWHERE
    count: int = 50
    mtu: int

    def namespace(self, cluster: str) -> Manifest:
        ref = ObjectRef(cluster, r.NAMESPACE, "", NAMESPACE)
        made = self.renderer.one("probe-namespace.yaml.j2", ref, probe={"namespace": NAMESPACE})
        assert isinstance(made, Manifest), "it waits for nothing"
        return made

    def ref(self, cluster: str, role: ProbeRole) -> ObjectRef:
        return ObjectRef(cluster, r.POD, NAMESPACE, f"verify-{self.run}-{role}")

    def server(self, cluster: str) -> Manifest:
        made = self._pod(
            cluster, ProbeRole.SERVER, ["serve", self.run, str(PORT), str(self.seconds)]
        )
        assert isinstance(made, Manifest), "it waits for nothing"
        return made

    def client(
        self, cluster: str, peer: str | Unknown, addresses: Sequence[str | Unknown] = ()
    ) -> Manifest | Pending:
        """Calls the probe server at *peer* (an address; "": none), and each of *addresses*."""
        to = host_and_port(peer, PORT) if isinstance(peer, str) and peer else peer
        words = ["call", self.run, str(self.count), str(self.mtu), to, *addresses]
        return self._pod(cluster, ProbeRole.CLIENT, words)

    def is_of_this_run(self, pod: Object) -> bool:
        return labels_of(pod).get(r.VERIFY_RUN) == self.run

    @property
    def pods(self) -> Selection:
        """All Pods of this run."""
        return Selection(r.POD, NAMESPACE, labels=f"{r.VERIFY_RUN}={self.run}")

    def _pod(
        self, cluster: str, role: ProbeRole, arguments: Sequence[str | Unknown]
    ) -> Manifest | Pending:
        ref = self.ref(cluster, role)
        probe = Probe(
            name=ref.name,
            namespace=ref.namespace,
            role=role,
            shortcut=self.shortcut,
            run=self.run,
            seconds=self.seconds,
            image=self.image,
            placement=self.placement,
            program=self.program,
            arguments=arguments,
        )
        return self.renderer.one("probe-pod.yaml.j2", ref, probe=probe)
