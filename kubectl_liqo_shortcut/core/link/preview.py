"""What is in store for each object of a link: ``sync --dry-run`` says it, ``diff`` shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never

from kubectl_liqo_shortcut.core.link.inventory import Recorded
from kubectl_liqo_shortcut.core.link.observe import End
from kubectl_liqo_shortcut.core.link.plan import Create, Recreate, Step, Update, make_plan
from kubectl_liqo_shortcut.core.link.render import Pending, Rendered
from kubectl_liqo_shortcut.core.model import Manifest, Object, ObjectRef, is_terminating, ref_of


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedChange:
    """One object of a link; without a *step* it stays as it is, or as somebody else made it."""

    manifest: Manifest  # what is not known yet is named, or, where it is there, as it is there
    observed: Object | None
    step: Step | None
    waits_for: tuple[str, ...] = ()

    @property
    def is_leaving(self) -> bool:
        """Whether it is being deleted: then it is made anew, once it is gone."""
        return self.observed is not None and is_terminating(self.observed)


def planned_changes(
    rendered: Rendered, ends: Mapping[str, End], recorded: Mapping[ObjectRef, Recorded]
) -> list[PlannedChange]:
    """Every object of the link, also those that come after the next steps.

    Refuses what stands in the way, as the plan does.
    """
    wanted = (*(Pending(each, ()) for each in rendered.ready), *rendered.pending)
    return [_planned(each, ends, recorded) for each in wanted]


def _planned(
    wanted: Pending, ends: Mapping[str, End], recorded: Mapping[ObjectRef, Recorded]
) -> PlannedChange:
    manifest = wanted.manifest
    observed = ends[manifest.cluster].of(manifest.ref.kind)
    if observed is None or is_terminating(observed):
        return PlannedChange(manifest, observed, Create(manifest), wanted.waits_for)
    known = wanted.over(observed)
    step = next(iter(make_plan([known], ends, recorded).steps), None)
    return PlannedChange(known, observed, step, wanted.waits_for)


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """An object that does not stay as it is: as it is, and as it will be; None: not there."""

    ref: ObjectRef
    live: Object | None
    merged: Object | None


def compare(changes: Iterable[PlannedChange]) -> Iterator[Comparison]:
    """Each object that a step changes, reduced to what we render and to what the step sets: an
    update leaves labels alone."""
    for change in changes:
        if change.step is not None:
            yield _compared(change.manifest, change.observed, change.step)


def _compared(manifest: Manifest, observed: Object | None, step: Step) -> Comparison:
    ref, wanted = manifest.ref, manifest.body
    live = _reduced(observed, wanted)
    match step:
        case Create():
            return Comparison(ref, None, wanted)
        case Update():
            return Comparison(ref, live, {**live, "spec": wanted["spec"]})
        case Recreate():
            return Comparison(ref, live, wanted)
        case _:
            assert_never(step)


def removal(cluster: str, observed: Object) -> Comparison:
    """An object that goes with all it has; what its API server notes about it is left out."""
    return Comparison(ref_of(cluster, observed), dict(_essence(observed)), None)


def _essence(observed: Object) -> Iterator[tuple[str, Any]]:
    metadata = observed["metadata"]
    yield from ((key, observed[key]) for key in ("apiVersion", "kind"))
    yield (
        "metadata",
        {key: metadata[key] for key in ("name", "namespace", "labels") if key in metadata},
    )
    if "spec" in observed:
        yield "spec", observed["spec"]


def _reduced(observed: Any, desired: Any) -> Any:
    """The fields of *desired* as *observed* has them, in the order of *desired*."""
    if isinstance(observed, Mapping) and isinstance(desired, Mapping):
        return {
            key: _reduced(observed[key], value) for key, value in desired.items() if key in observed
        }
    return observed
