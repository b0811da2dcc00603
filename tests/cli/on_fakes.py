"""``python -m tests.cli.on_fakes LEAVES ARGUMENT...``: the program, on clusters in its own memory.

No gateway server has an endpoint until signal SIGUSR1 comes: so there is something to wait for.
What happens at the signal is the environment's THEN; without it, all goes on at once.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading

from kubectl_liqo_shortcut import cli as program
from kubectl_liqo_shortcut.cli.root import cli
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import ObjectRef
from tests.cli.clusters import Clusters

HOSTILE = "\x1b[2J\x07[red]no[/red] :boom:\n"
"""What a gateway here says of its connection."""


def go_on(clusters: Clusters) -> None:
    """Every gateway server gets its endpoint."""
    with clusters.changed:
        clusters.stuck = False
        for leaf in clusters.leaves.values():
            for ref in [each for each in leaf.objects if each.kind == r.GATEWAY_SERVER]:
                endpoint = {"addresses": ["203.0.113.1"], "port": 51840, "protocol": "UDP"}
                leaf.set_status(ref, {"endpoint": endpoint})


def say_something_hostile(clusters: Clusters) -> None:
    for leaf in clusters.leaves.values():
        for ref in [each for each in leaf.objects if each.kind == r.CONFIGURATION]:
            condition = {"type": "NetworkCIDRsConfigured", "status": "False", "message": HOSTILE}
            status = leaf.objects[ref]["status"]
            leaf.set_status(ref, {**status, "conditions": [condition]})


def fail(clusters: Clusters) -> None:
    def bug(verb: str, ref: ObjectRef) -> None:
        raise KeyError("a bug")

    for leaf in clusters.leaves.values():
        leaf.fault = bug
    go_on(clusters)


THEN = {"go on": go_on, "say": say_something_hostile, "fail": fail}


def main() -> None:
    clusters = Clusters(*sys.argv.pop(1).split(","))
    then = THEN.get(os.environ.get("THEN", ""))
    if then is not None:
        clusters.stuck = True
        act = functools.partial(threading.Thread, target=then, args=[clusters], daemon=True)
        signal.signal(signal.SIGUSR1, lambda *_: act().start())
    cli.main = functools.partial(cli.main, obj=clusters)  # type: ignore[method-assign]
    program.main()


if __name__ == "__main__":
    main()
