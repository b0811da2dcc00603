"""``create``: make a shortcut and wait until it carries traffic, or leave everything as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from kubectl_liqo_shortcut.core import observe
from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Verb
from kubectl_liqo_shortcut.core.model import HUB, ClusterID, is_terminating
from kubectl_liqo_shortcut.core.ports import Cluster, OpenCluster
from kubectl_liqo_shortcut.core.record import Cause
from kubectl_liqo_shortcut.core.render import Renderer
from kubectl_liqo_shortcut.core.request import Request, decide
from kubectl_liqo_shortcut.core.shortcut import Shortcut
from kubectl_liqo_shortcut.engine.converge import Convergence
from kubectl_liqo_shortcut.engine.journal import Journal
from kubectl_liqo_shortcut.engine.link import Link
from kubectl_liqo_shortcut.engine.parallel import Answer, Deadline, Stop
from kubectl_liqo_shortcut.engine.records import open_record
from kubectl_liqo_shortcut.engine.survey import HubView, survey
from kubectl_liqo_shortcut.engine.undo import undo
from kubectl_liqo_shortcut.engine.world import World
from kubectl_liqo_shortcut.errors import Interrupted, PartlyDone, Refused, ShortcutError, TimedOut

CREATED_BY = f"{r.GROUP}/created-by"
_CHANGES = (Verb.CREATED, Verb.CONFIGURED)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    timeout: float = 300.0  # seconds
    wait: bool = True  # until Connected; else until all link objects exist


def create(
    request: Request,
    open_cluster: OpenCluster,
    renderer: Renderer,
    options: Options,
    stop: Stop,
) -> Iterator[Event]:
    """Make what *request* asks for; the last event is its ``Outcome``."""
    deadline = Deadline(options.timeout)
    world = World()
    try:
        hub = open_cluster(HUB)
        leaves: dict[str, Cluster] = {leaf: open_cluster(leaf) for leaf in request.pair}
        for side in request.shortcut_with(request.pair[0]).sides:
            for what in observe.first_look(side):
                world.look(leaves[side.leaf], what)
        looking = Answer(lambda: survey(hub, leaves, request.pair, deadline), then=world.wake)
        world.sync(deadline, looking.check)
        view, looks = looking.result()
        shortcut, why = _decide(request, view, world)
        yield Note(f"gateway server: {shortcut.server} ({why})", shortcut.name)
        yield from _without_effect(shortcut)
        wanted = renderer.record(shortcut, {**request.annotations, CREATED_BY: view.user})
        link = Link(
            shortcut=shortcut,
            renderer=renderer,
            facts=view.facts,
            leaves=leaves,
            cluster_uids={leaf: look.uid for leaf, look in looks.items()},
            world=world,
            journal=Journal(hub, view.record or wanted.body),
        )
        link.follow(link.ends())
        world.sync(deadline)
        link.plan(link.ends())  # refuses what stands in the way, before anything is written
        stop.arm(world.wake)
        record, made = open_record(hub, view.record, wanted, deadline)
        link.journal.begin(record)
        yield from _converge(link, options, deadline, stop, hub, made=made)
    finally:
        world.close()


def _decide(request: Request, view: HubView, world: World) -> tuple[Shortcut, str]:
    """What to make; a link that is there already, of whoever, decides the roles."""
    if view.record is not None and is_terminating(view.record):
        raise Refused(
            f"shortcut {request.name} is being deleted",
            hint=f"finish that first: kubectl liqo-shortcut delete {request.name}",
        )
    there = _existing_server(request, world)
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


def _existing_server(request: Request, world: World) -> ClusterID | None:
    """The leaf that has a gateway server for the other, or whose peer has a client for it."""
    for server in request.pair:
        sides = request.shortcut_with(server).sides
        gateways = [observe.gateway(side, world.objects) for side in sides]
        if any(gateway and not is_terminating(gateway) for gateway in gateways):
            return server
    return None


def _converge(
    link: Link, options: Options, deadline: Deadline, stop: Stop, hub: Cluster, *, made: bool
) -> Iterator[Event]:
    """Run the loop; on failure undo, unless the shortcut has been ready once. *made*: the record
    is of this run."""
    journal = link.journal
    was_ready = bool((journal.record.get("status") or {}).get("firstReadyTime"))
    changed = False
    try:
        for event in Convergence(link, wait=options.wait).run(deadline, stop):
            changed = changed or (isinstance(event, Done) and event.verb in _CHANGES)
            yield event
    except TimedOut:
        yield from _note(link, None)
        raise
    except Exception as error:
        failure = error.message if isinstance(error, ShortcutError) else f"unforeseen: {error!r}"
        if was_ready:
            yield from _note(link, Cause("Failed", failure))
            raise
        undone = yield from undo(link, failure, hub, made=made)
        if undone or not isinstance(error, ShortcutError) or isinstance(error, Interrupted):
            raise
        raise PartlyDone(
            f"{error.message}; and not everything could be undone",
            hint=f"the record says what is left: kubectl liqo-shortcut delete {link.shortcut.name}",
        ) from error
    journal.write(link.status(link.ends()))
    verb = Verb.CREATED if made else Verb.CONFIGURED if changed else Verb.UNCHANGED
    yield Outcome(link.shortcut.name, verb, journal.record)


def _note(link: Link, cause: Cause | None) -> Iterator[Event]:
    """Bring the record up to date on the way out: what went wrong before matters more."""
    try:
        link.journal.quiet()
        link.journal.write(link.status(link.ends(), cause))
    except ShortcutError as error:
        yield Note(f"the record is not up to date: {error.message}", link.shortcut.name)


def _without_effect(shortcut: Shortcut) -> Iterator[Event]:
    """What the kind knows and this version does not do yet is said, not passed over."""
    if shortcut.expiration_time is not None:
        yield Note("expirationTime has no effect yet: delete the shortcut yourself", shortcut.name)
    if shortcut.reclaim_policy != "Retain":
        yield Note("tenantNamespaceReclaimPolicy has no effect yet: they stay", shortcut.name)
