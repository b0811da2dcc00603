"""One line for each event: results for standard output, all else for standard error."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import assert_never

from kubectl_liqo_shortcut.core.events import Done, Event, Failed, Note, Outcome, Seen, Waits
from kubectl_liqo_shortcut.core.kinds import SERVICE, SHORTCUT
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ShortcutError, prefixed
from kubectl_liqo_shortcut.output.text import paragraph


def result_line(event: Event) -> str:
    """*event* for people; what is waited for has no line, since it is no change."""
    match event:
        case Done(ref, verb, why):
            text = f"{ref.cluster}: {ref} {verb}" + (f" ({why})" if why else "")
        case Seen(ref, says):
            text = f"{ref.cluster}: {ref} {says}"
        case Waits():
            text = ""
        case Note(sentence, shortcut):
            text = prefixed(shortcut, sentence) if shortcut else sentence
        case Outcome(name, verb, record):
            service = record.get("kind") == SERVICE.kind
            text = f"{SERVICE if service else SHORTCUT}/{name} {verb}"
        case _:
            assert_never(event)
    return "\n".join(paragraph("", text))


def explain(error: ShortcutError) -> str:
    """An error for people: where and what, then what to do next."""
    hint = () if error.hint is None else paragraph("Hint: ", error.hint)
    return "\n".join((*paragraph("Error: ", error.message), *hint))


def to_json(event: Event | Failed, shortcut: str, moment: datetime.datetime) -> str:
    """*event* for programs: one line, with the keys that docs/guides/automation.md promises.

    JSON in ASCII holds no character that a terminal might obey.
    """
    import json

    time = moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
    head = {"time": time.replace("+00:00", "Z"), "shortcut": shortcut}
    return json.dumps({**head, **dict(_keys(event))})


def _keys(event: Event | Failed) -> Iterator[tuple[str, str | int]]:
    match event:
        case Done(ref, verb, why):
            yield "type", "done"
            yield from _object(ref)
            yield "verb", verb
            yield "message", why
        case Seen(ref, says):
            yield "type", "seen"
            yield from _object(ref)
            yield "message", says
        case Waits(cluster, what):
            yield "type", "waits"
            yield "cluster", cluster
            yield "message", what
        case Note(text):
            yield "type", "note"
            yield "message", text
        case Outcome(_, verb):
            yield "type", "outcome"
            yield "verb", verb
            yield "message", result_line(event)
        case Failed(error):
            yield "type", "error"
            yield "message", error.message
            yield "hint", error.hint or ""
            yield "exitCode", int(error.exit_code)
        case _:
            assert_never(event)


def _object(ref: ObjectRef) -> Iterator[tuple[str, str]]:
    yield "cluster", ref.cluster
    yield "object", str(ref)
    yield "kind", ref.kind.kind
    yield "namespace", ref.namespace
    yield "name", ref.name
