"""What a ``delete`` leaves behind, and the ways out, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.inventory import Ownership
from kubectl_liqo_shortcut.core.link.ownership import delete_command
from kubectl_liqo_shortcut.engine.link.stock import Stock
from kubectl_liqo_shortcut.engine.removal.peering import InUseByPeering
from kubectl_liqo_shortcut.errors import PartlyDone, ShortcutError, TimedOut, listing


def left_error(name: str, left: Mapping[str, ShortcutError]) -> ShortcutError:
    """What a ``delete`` of the shortcut called *name* ends with where something is *left*."""
    if len(left) == 1 and all(isinstance(error, TimedOut) for error in left.values()):
        return next(iter(left.values()))
    return PartlyDone(
        listing(
            f"shortcut {name} is not gone from {' and '.join(sorted(left))}:",
            (error.message for error in left.values()),
        ),
        hint=f"the record stays; later: kubectl liqo-shortcut delete {name}, or sync; "
        "to give up what is left there: --forget",
    )


def left_there(stock: Stock, left: Mapping[str, ShortcutError]) -> Iterator[str]:
    """Each object of *stock* on the clusters of *left*, with what deletes it there."""
    strays = {each.ref: each for each in stock.strays}
    for ref, each in {**stock.entries, **strays}.items():
        ours = each.ownership is not Ownership.REUSED and ref.kind != r.NAMESPACE
        if (ours or ref in strays) and ref.cluster in left:
            what = f"there: {delete_command(each)}"
            if isinstance(left[each.ref.cluster], InUseByPeering):
                what = f"the peering uses its {each.ref}"
            yield f"left on {each.ref.cluster}; {what}"


def with_forget(
    error: ShortcutError, name: str, when: str = "if that leaf is gone for ever"
) -> ShortcutError:
    """*error*, with the way out that gives up what is on a leaf."""
    way_out = f"{when}: kubectl liqo-shortcut delete {name} --forget"
    error.hint = f"{error.hint}; {way_out}" if error.hint else way_out
    return error
