"""What of the benchmark is pure: it runs by hand only, so that no run would tell."""

from __future__ import annotations

import json
from collections import Counter

from tests.bench.footprint import Footprint, Held, parse_status
from tests.bench.scale import Measured, pairs, requests, table
from tests.bench.simulator import Tally

HUB = {"LIST shortcuts": 2, "POST leases": 1, "POST selfsubjectreviews": 1}
LEAVES = {"WATCH secrets": 4, "PATCH gatewayservers dry run": 1, "LIST shortcuts": 1}
COUNTED = json.dumps({"hub": HUB, "leaves": LEAVES, "connections": {"made": 5, "peak": 3}})


def test_a_dry_run_and_a_review_are_requests_but_no_writes() -> None:
    tally = Tally.parse(COUNTED.encode())
    assert (tally.total, tally.writes, tally.watches) == (10, 1, 4)
    assert tally.by_kind["LIST shortcuts"] == 3


def test_a_process_holds_nothing_once_it_has_no_memory_any_more() -> None:
    assert parse_status("Name:\tx\nVmHWM:\t  2048 kB\nThreads:\t7\n", 9) == Held(2.0, 7, 9)
    assert parse_status("Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n", 0) == Held(0.0, 1, 0)


def test_links_are_spread_evenly_over_the_leaves() -> None:
    for links, of_each in ((10, 2), (20, 4), (45, 9)):
        chosen = pairs(10, links)
        assert len(set(chosen)) == links
        counted = Counter(leaf for pair in chosen for leaf in pair)
        assert list(counted.values()) == [of_each] * 10


def test_a_row_tells_of_the_whole_run() -> None:
    run = Measured(Footprint(0, 1.5, 1.25, Held(50.0, 7, 9), ""), Tally.parse(COUNTED.encode()))
    _, row = table([run]).splitlines()
    assert " ".join(row.split()) == "1 0 1.50 1.25 50 7 9 3 5 10 4 1 4"
    assert requests(run).splitlines()[2].split() == ["LIST", "shortcuts", "2", "1"]
