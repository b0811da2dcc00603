"""One line for each event: results for standard output, all else for standard error."""

from __future__ import annotations

from typing import assert_never

from kubectl_liqo_shortcut.core.events import Done, Event, Note, Outcome, Seen
from kubectl_liqo_shortcut.core.resources import SHORTCUT
from kubectl_liqo_shortcut.output.text import printable


def describe(event: Event) -> str:
    match event:
        case Done(ref, verb, why):
            text = f"{ref.cluster}: {ref} {verb}" + (f" ({why})" if why else "")
        case Seen(ref, says):
            text = f"{ref.cluster}: {ref} {says}"
        case Note(sentence, shortcut):
            text = f"{shortcut}: {sentence}" if shortcut else sentence
        case Outcome(name, verb, _):
            text = f"{SHORTCUT}/{name} {verb}"
        case _:
            assert_never(event)
    return printable(text)
