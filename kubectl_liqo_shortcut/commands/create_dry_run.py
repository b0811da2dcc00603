"""``--dry-run=client``: the plan, printed instead of done. The same templates, the same rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.kinds import API_VERSION
from kubectl_liqo_shortcut.core.link.facts import (
    Facts,
    default_tenant_namespace,
    with_tenant_namespaces,
)
from kubectl_liqo_shortcut.core.link.render import Pending, Rendered, Renderer
from kubectl_liqo_shortcut.core.link.request import Request, decide
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import ClusterID, Manifest, Object
from kubectl_liqo_shortcut.core.preflight.findings import Finding, Severity
from kubectl_liqo_shortcut.core.preflight.reachability import reachability_warnings
from kubectl_liqo_shortcut.core.preflight.routed import doubtful, forbidden
from kubectl_liqo_shortcut.errors import Invalid, Refused


@dataclasses.dataclass(frozen=True, slots=True)
class DryRun:
    """What ``create`` would put where."""

    shortcut: Shortcut
    why: str  # its roles are so
    hub: ClusterID | None
    record: Manifest
    rendered: Rendered
    recorded: bool  # whether the hub has that record already
    renewed: bool  # whether that one expires at another time from then on
    warnings: tuple[Finding, ...]

    def documents(self) -> list[Object]:
        """The whole link, impossible to apply to the wrong cluster.

        An object of a leaf may have the name and namespace of the hub's own gateway, so a leaf's
        objects stand inside a document of a kind that no API server knows.
        """
        leaves = [leaf_manifests(side.leaf, self.rendered) for side in self.shortcut.sides]
        return [self.record.body, *leaves]

    @property
    def verb(self) -> Verb:
        there = Verb.CONFIGURED if self.renewed else Verb.UNCHANGED
        return there if self.recorded else Verb.CREATED

    @property
    def clusters(self) -> list[str]:
        """What ``plain`` knows: both leaves and the hub (by that word, if its ID is not known)."""
        return [self.shortcut.server, self.shortcut.client, self.hub or "hub"]

    def plain(self, cluster: str) -> list[Object]:
        """The documents of one cluster, fit to be applied there; no pending ones."""
        if cluster in (self.shortcut.server, self.shortcut.client):
            ready = self.rendered.of(ClusterID(cluster)).ready
            return [manifest.body for manifest in ready]
        return [self.record.body]

    def waits(self) -> list[str]:
        """What is not rendered yet, in sentences."""
        return [_sentence(each) for each in self.rendered.pending]


def dry_run(
    request: Request,
    facts: Facts,
    record: Object | None,
    renderer: Renderer,
    *,
    preflighted: bool = False,
    servers: Mapping[str, str] | None = None,
) -> DryRun:
    """Render once with the facts at hand; *record* is the Shortcut of that name, if any.

    Where it was *preflighted*, what is doubtful has been told. *servers* are the hosts of API
    servers, as far as the way there is known.
    """
    shortcut, why = decide(request, record, facts)
    shortcut, facts = _named(shortcut, facts)
    found = tuple(forbidden(shortcut, facts, {}, servers or {}))
    if not record and not preflighted:
        found += (
            *reachability_warnings(request.spec, shortcut, facts),
            *doubtful(shortcut, facts, {}),
        )
    for each in found:
        if each.severity is Severity.ERROR:
            raise Refused(each.message, hint=each.hint)
    return DryRun(
        shortcut=shortcut,
        why=why,
        hub=facts.hub,
        record=renderer.record(shortcut, request.annotations),
        rendered=renderer.link(shortcut, facts),
        recorded=record is not None,
        renewed=request.renews,
        warnings=found,
    )


def _named(shortcut: Shortcut, facts: Facts) -> tuple[Shortcut, Facts]:
    """What a file of facts calls a tenant namespace is named thereby, so the record says it."""
    told: dict[str, str] = {
        side.leaf: facts.leaves[side.leaf].tenant_namespace
        for side in shortcut.sides
        if facts.leaves[side.leaf].tenant_namespace != default_tenant_namespace(side.peer)
    }
    named = {**told, **shortcut.tenant_namespaces}
    for leaf in (leaf for leaf, name in told.items() if named[leaf] != name):
        raise Invalid(
            f"cluster {leaf!r}: its tenant namespace is {told[leaf]!r} in the facts, "
            f"but {named[leaf]!r} in the shortcut",
            hint="name the same one in both",
        )
    there = dataclasses.replace(shortcut, tenant_namespaces=named)
    return there, with_tenant_namespaces(facts, named)


def leaf_manifests(leaf: ClusterID, rendered: Rendered) -> Object:
    """What is for one leaf, as a document of a kind that no API server knows."""
    of_leaf = rendered.of(leaf)
    return {
        "apiVersion": API_VERSION,
        "kind": "LeafManifests",
        "cluster": leaf,
        "manifests": _bodies(of_leaf.ready),
        "pending": _bodies(each.manifest for each in of_leaf.pending),
    }


def _bodies(manifests: Iterable[Manifest]) -> list[Object]:
    return [manifest.body for manifest in manifests]


def _sentence(pending: Pending) -> str:
    where = pending.manifest.cluster
    facts = ", ".join(pending.waits_for)
    return f"{where}: {pending.manifest.ref} not rendered, not known yet: {facts}"
