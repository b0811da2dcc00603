"""Each kind of lab that the end-to-end tests want is started once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

E2E = Path(__file__).parent / "e2e"
FILES = ("test_overlapping.py", "test_graph.py", "test_overlapping_leaves.py", "test_why.py")


def test_tests_that_want_another_lab_come_last_whatever_their_files_are_called() -> None:
    command = ("-m", "pytest", "--setup-plan", "-p", "no:cacheprovider", "-m", "e2e")
    done = subprocess.run(
        [sys.executable, *command, *(str(E2E / name) for name in FILES)],
        capture_output=True,
        text=True,
        check=False,
    )
    setups = re.findall(r"^ *(SETUP|TEARDOWN) +S lab(.*?)(?: \(|$)", done.stdout, re.MULTILINE)
    kinds = ["", "[<Overlap.ALL: 'all'>]", "[<Overlap.LEAVES: 'leaves'>]"]
    assert setups == [(word, kind) for kind in kinds for word in ("SETUP", "TEARDOWN")], done.stderr
    seen = list(dict.fromkeys(re.findall(r"tests/e2e/(\w+)\.py::", done.stdout)))
    assert seen == ["test_graph", "test_why", "test_overlapping", "test_overlapping_leaves"]
