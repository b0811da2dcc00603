"""Which pairs of leaves a command line of several leaves means."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from kubectl_liqo_shortcut.core.model import ClusterID
from kubectl_liqo_shortcut.errors import Invalid

Pair = tuple[ClusterID, ClusterID]


def mesh(leaves: Sequence[ClusterID]) -> list[Pair]:
    """Each leaf with each other one."""
    return list(itertools.combinations(_enough(leaves, "--mesh"), 2))


def star(leaves: Sequence[ClusterID]) -> list[Pair]:
    """The first leaf with each other one."""
    centre, *others = _enough(leaves, "--star")
    return [(centre, each) for each in others]


def _enough(leaves: Sequence[ClusterID], option: str) -> Sequence[ClusterID]:
    if len(leaves) < 2:
        raise Invalid(
            f"{option} links two leaves or more, not {len(leaves) or 'none'}",
            hint=f"for example {option} milan rome paris",
        )
    twice = next((each for each in leaves if leaves.count(each) > 1), None)
    if twice is not None:
        raise Invalid(f"{option} names leaf {twice!r} twice", hint="name each leaf once")
    return leaves
