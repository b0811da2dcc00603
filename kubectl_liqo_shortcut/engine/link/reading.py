"""A link for who only tells: what is there, and what would be made of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import of_record
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.core.ports import OpenCluster
from kubectl_liqo_shortcut.engine.link.session import (
    SurveySession,
    no_record_any_more,
    survey_link,
)
from kubectl_liqo_shortcut.engine.link.shared_look import SharedLook
from kubectl_liqo_shortcut.engine.runtime.concurrency import Deadline
from kubectl_liqo_shortcut.engine.runtime.lease import Lock
from kubectl_liqo_shortcut.errors import ShortcutError


@contextlib.contextmanager
def survey_for_reading(
    record: Object,
    open_cluster: OpenCluster,
    renderer: Renderer,
    deadline: Deadline,
    shared: SharedLook | None = None,
) -> Iterator[SurveySession]:
    """What *record* asks for and what is there; nothing can be written.

    From the *shared* look, where that shows it.
    """
    request = of_record(record)
    session = None
    with contextlib.suppress(ShortcutError):  # a look of its own tells what the matter is
        session = shared.session(request, renderer, deadline) if shared else None
    if session is None:
        unlocked = Lock(open_cluster(HUB), request.name)
        session = survey_link(request, open_cluster, unlocked, renderer, deadline)
    try:
        if session.view.record is None:
            raise no_record_any_more(request)
        yield session
    finally:
        session.close()
