"""The first look at a pair and its clusters, and what it leads to: the link to work on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link import observe
from kubectl_liqo_shortcut.core.link.facts import with_tenant_namespaces
from kubectl_liqo_shortcut.core.link.health import health
from kubectl_liqo_shortcut.core.link.inventory import Ownership, misfits_of
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.plan import Plan
from kubectl_liqo_shortcut.core.link.preview import PlannedChange, planned_changes
from kubectl_liqo_shortcut.core.link.render import Rendered, Renderer
from kubectl_liqo_shortcut.core.link.request import Request, decide
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, Object, is_terminating, ref_of
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record.lifecycle import removed_on, was_ready
from kubectl_liqo_shortcut.engine.hub.queries import find_records
from kubectl_liqo_shortcut.engine.link.link import Link
from kubectl_liqo_shortcut.engine.link.records import is_held
from kubectl_liqo_shortcut.engine.link.status_writer import StatusWriter
from kubectl_liqo_shortcut.engine.link.survey import SurveyedHub, survey
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline, Future, retry_transient
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.engine.runtime.store import Store
from kubectl_liqo_shortcut.errors import Refused


@dataclasses.dataclass(slots=True)
class SurveySession:
    """What was found, and what is to be made of it. Nothing was written."""

    view: SurveyedHub
    why: str  # the roles are so
    link: Link
    spec: Mapping[str, Any]  # what was asked for, where that is not on record
    _planned: tuple[Mapping[str, End], Rendered, Plan] | None = None

    @property
    def shortcut(self) -> Shortcut:
        return self.link.shortcut

    @property
    def recorded(self) -> str:
        """The shortcut's name, if it is on record."""
        return self.shortcut.name if self.view.record is not None else ""

    def planned(self) -> tuple[Mapping[str, End], Rendered, Plan]:
        """Both ends as they were found, what is wanted, and the first steps towards it.

        Refuses what stands in the way. Planned once: the session is the first look.
        """
        if self._planned is None:
            ends = self.link.ends()
            self._planned = ends, *self.link.plan(ends)
        return self._planned

    def plan(self) -> Plan:
        """The first steps; refuses what stands in the way."""
        return self.planned()[2]

    def changes(self) -> list[PlannedChange]:
        """All that is to be made of the link's objects, also later; refuses as ``plan`` does."""
        ends, rendered, _ = self.planned()
        return planned_changes(rendered, ends, self.link.status_writer.objects)

    def taken_away_on(self) -> list[str]:
        """The leaves on which somebody else took away a link that was up once."""
        if not was_ready(self.view.record):
            return []
        return list(removed_on(self.link.ends(), self.link.status_writer.objects))

    @property
    def is_new(self) -> bool:
        """Whether there is neither a record nor a gateway of such a link, of whoever."""
        gateways = (end.gateway for end in self.link.ends().values())
        return self.view.record is None and all(
            gateway is None or is_terminating(gateway) for gateway in gateways
        )

    def is_restored(self) -> bool:
        """Whether objects of ours are there that the record does not name: it lost its status."""
        known = self.link.status_writer.objects
        return any(
            body["kind"] != r.NAMESPACE.kind and ref_of(leaf, body) not in known
            for leaf, body, _ in self.plan().ours
        )

    def is_up(self) -> bool:
        """Whether the link carries traffic now, whatever its record says of the past."""
        return health(self.link.ends().values()).ready

    def is_settled(self, *, wait: bool) -> bool:
        """Whether nothing is to be done, and the record has its finalizer and names every object,
        and nothing else.

        With *wait*, the link must be up too.
        """
        record, writer = self.view.record, self.link.status_writer
        if record is None or not is_held(record) or misfits_of(record):
            return False
        ends, rendered, plan = self.planned()
        there = (*plan.ours, *((*each, Ownership.REUSED) for each in plan.reused))
        return (
            not (plan.steps or plan.leaving or rendered.pending)
            and (health(ends.values()).ready or not wait)
            and all(writer.knows(*each) for each in there)
            and not any(writer.calls_ours(ref_of(*each)) for each in plan.reused)
        )

    def is_current(self, hub: Cluster, deadline: Deadline) -> bool:
        """Whether nobody has changed the record since: all that matters is on record first."""
        found = retry_transient(lambda: find_records(hub, self.shortcut.name), deadline)
        return _version(found[0] if found else None) == _version(self.view.record)

    def close(self) -> None:
        self.link.store.close()


def survey_link(
    request: Request,
    open_cluster: OpenCluster,
    lock: Lock,
    renderer: Renderer,
    deadline: Deadline,
) -> SurveySession:
    """Ask the hub and both leaves at once, and decide the roles.

    What the link is made with is written to only while *lock* lasts.
    """
    hub = open_cluster(HUB)
    leaves = {leaf: lock.guard(open_cluster(leaf)) for leaf in map(str, request.pair)}
    store = Store()
    try:
        for side in request.shortcut_with(request.pair[0]).sides:
            for what in observe.first_look(side):
                store.look(leaves[side.leaf], what)
        looking = Future(lambda: survey(hub, leaves, request.pair, deadline), then=store.wake)
        store.sync(deadline, looking.check)
        view, looks = looking.result()
        shortcut, why = choose_roles(request, view, store.objects)
        link = Link(
            shortcut=shortcut,
            renderer=renderer,
            facts=with_tenant_namespaces(view.facts, shortcut.tenant_namespaces),
            leaves=leaves,
            servers={name: each.host for name, each in {HUB: hub, **leaves}.items()},
            cluster_uids={leaf: look.uid for leaf, look in looks.items()},
            store=store,
            status_writer=StatusWriter(
                lock.guard(hub), view.record or renderer.record(shortcut, {}).body
            ),
        )
        link.look(link.ends())
        store.sync(deadline)
        link.look_for_unfound(link.ends())
        store.sync(deadline)
    except BaseException:
        store.close()
        raise
    return SurveySession(view, why, link, request.spec)


def no_record_any_more(request: Request) -> Refused:
    """Somebody ended the record after it was read."""
    return Refused(f"shortcut {request.name} has no record any more", hint="nothing was changed")


def choose_roles(
    request: Request, view: SurveyedHub, objects: observe.Objects
) -> tuple[Shortcut, str]:
    """What to make; a link that is there already, of whoever, decides the roles."""
    if view.record is not None and is_terminating(view.record):
        raise Refused(
            f"shortcut {request.name} is being deleted",
            hint=f"finish that first: kubectl liqo-shortcut delete {request.name}",
        )
    there = _existing_server(request, objects)
    if there is not None and view.record is None:
        if request.server not in (None, there):
            raise Refused(
                f"a link between them exists, with {there} as its gateway server",
                hint=f"leave --gw-server out to use it, or remove that link on {there} first",
            )
        return request.shortcut_with(there), "a link between them exists already"
    shortcut, why = decide(request, view.record, view.facts)
    if there not in (None, shortcut.server):
        raise Refused(
            f"the leaves have a link with {there} as its gateway server, "
            f"the shortcut wants {shortcut.server}",
            hint="remove that link first, or delete the shortcut and create it again",
        )
    return shortcut, why


def _existing_server(request: Request, objects: observe.Objects) -> ClusterID | None:
    """The leaf that has a gateway server for the other, or whose peer has a client for it."""
    for server in request.pair:
        sides = request.shortcut_with(server).sides
        gateways = [observe.gateway_of(side, objects) for side in sides]
        if any(gateway and not is_terminating(gateway) for gateway in gateways):
            return server
    return None


def _version(record: Object | None) -> tuple[str, ...]:
    metadata = (record or {}).get("metadata") or {}
    return tuple(str(metadata.get(key)) for key in ("uid", "resourceVersion") if record)
