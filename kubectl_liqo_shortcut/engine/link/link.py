"""One link being worked on: what is wanted, what is known, and the ways to its clusters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from kubectl_liqo_shortcut.core.link import observe, tenants
from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.lost import Lost, lost_objects, unfound
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.ownership import ownership_labels
from kubectl_liqo_shortcut.core.link.plan import Plan, make_plan
from kubectl_liqo_shortcut.core.link.render import Rendered, Renderer
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import is_terminating
from kubectl_liqo_shortcut.core.ports import Cluster, Selection
from kubectl_liqo_shortcut.core.preflight import routed
from kubectl_liqo_shortcut.core.preflight.findings import Finding
from kubectl_liqo_shortcut.core.record.status import Cause, status_of
from kubectl_liqo_shortcut.engine.link.status_writer import StatusWriter
from kubectl_liqo_shortcut.engine.runtime.store import Store, utc_now
from kubectl_liqo_shortcut.errors import Refused


@dataclasses.dataclass(slots=True, kw_only=True)
class Link:
    shortcut: Shortcut
    renderer: Renderer
    facts: Facts  # without what the link itself gives: endpoint and keys
    leaves: Mapping[str, Cluster]
    servers: Mapping[str, str]  # the hosts of all three clusters' API servers
    cluster_uids: Mapping[str, str]  # of the leaves' kube-system namespaces
    store: Store
    status_writer: StatusWriter
    vouched: Mapping[str, str] = dataclasses.field(default_factory=dict)  # keys, by leaf
    seen_at: str = ""  # an RFC 3339 time, where the link is not followed
    _rendered: tuple[Facts, Rendered] | None = None  # from the same facts comes the same

    def ends(self) -> dict[str, End]:
        """Both ends, as the watches show them now."""
        objects = self.store.objects
        return {side.leaf: observe.end(side, objects) for side in self.shortcut.sides}

    def updated_facts(self, ends: Mapping[str, End]) -> Facts:
        known = {
            leaf: observe.update_facts(
                self.facts.leaves[end.side.leaf],
                end,
                self.vouched.get(leaf, ""),
                ends[end.side.peer],
            )
            for leaf, end in ends.items()
        }
        return Facts(self.facts.hub, {facts.id: facts for facts in known.values()})

    def look(self, ends: Mapping[str, End]) -> None:
        """List once what shows how far the link is; where, is known after the first look."""
        self._ask(ends, self.store.look)

    def follow(self, ends: Mapping[str, End]) -> None:
        """Watch what changes from now on."""
        if not self.store.synced:
            return
        self._ask(ends, self.store.follow)
        for leaf, end in ends.items():
            if end.namespace and is_terminating(end.namespace):
                self.store.follow(self.leaves[leaf], observe.tenant_namespace(end.side))

    def look_for_unfound(self, ends: Mapping[str, End]) -> None:
        """List by its name what is on record as ours, and bears no label by which it is found."""
        for ref in unfound(ends.values(), self.status_writer.objects):
            what = Selection(ref.kind, ref.namespace, name=ref.name)
            self.store.look(self.leaves[ref.cluster], what)

    def _ask(self, ends: Mapping[str, End], ask: Callable[[Cluster, Selection], None]) -> None:
        facts = self.updated_facts(ends)
        for leaf, end in ends.items():
            namespace = facts.leaves[end.side.leaf].tenant_namespace
            self.store.look(self.leaves[leaf], observe.published_keys(end.side, namespace))
            for what in observe.live_selections(end.side, namespace, end.gateway):
                ask(self.leaves[leaf], what)

    def refusals(self, ends: Mapping[str, End], command: str = "create") -> list[Finding]:
        """What must not be made, whatever stands in its way or does not; *command* is at work."""
        recorded = bool(self.status_writer.record["metadata"].get("uid"))
        remedy = tenants.naming(command, self.shortcut, ends, recorded=recorded)
        return [
            *tenants.unnamed(self.shortcut, ends, self.status_writer.objects, remedy),
            *routed.forbidden(self.shortcut, self.updated_facts(ends), ends, self.servers),
        ]

    def lost(self, ends: Mapping[str, End]) -> list[Lost]:
        """What is on record as ours, and does not bear our labels any more."""
        if self.facts.hub is None:
            return []
        labels = ownership_labels(self.shortcut.name, self.facts.hub)
        return list(lost_objects(ends.values(), self.status_writer.objects, labels))

    def plan(self, ends: Mapping[str, End]) -> tuple[Rendered, Plan]:
        """What is wanted as far as it is known, and the next steps towards it.

        Refuses what must not be made, also where that shows only now: Liqo remaps networks.
        """
        for each in self.refusals(ends):
            raise Refused(each.message, hint=each.hint)
        facts = self.updated_facts(ends)
        if self._rendered is None or self._rendered[0] != facts:
            self._rendered = facts, self.renderer.link(self.shortcut, facts)
        rendered = self._rendered[1]
        return rendered, make_plan(rendered.ready, ends, self.status_writer.objects)

    def status(self, ends: Mapping[str, End], cause: Cause | None = None) -> dict[str, object]:
        return status_of(
            self.status_writer.record,
            ends.values(),
            self.status_writer.objects.values(),
            cluster_uids=self.cluster_uids,
            now=self.seen_at or utc_now(),
            cause=cause,
        )
