from __future__ import annotations

import os
import tarfile
from pathlib import Path

from release import archive


def test_the_same_files_give_the_same_bytes_wherever_they_are(tmp_path: Path) -> None:
    made = []
    for name, when in (("one", 1), ("other", 2_000_000_000)):
        folder = tmp_path / name
        (folder / "sub").mkdir(parents=True)
        for file in reversed(("a", "sub/b")) if name == "one" else ("a", "sub/b"):
            (folder / file).write_text(file)
            os.utime(folder / file, (when, when))
        target = tmp_path / f"{name}.tar.gz"
        archive.write(target, archive.files_under(folder), moment=86400)
        made.append(archive.sha256(target))
    assert made[0] == made[1]


def test_links_become_files_and_programs_stay_programs(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "program").write_text("#!/bin/sh")
    (folder / "program").chmod(0o700)
    (folder / "link").symlink_to("program")
    target = tmp_path / "a.tar.gz"
    archive.write(target, archive.files_under(folder), moment=0)
    with tarfile.open(target) as tar:
        entries = {entry.name: entry for entry in tar.getmembers()}
    assert all(entry.isreg() and entry.uid == 0 for entry in entries.values())
    assert {name: oct(entry.mode) for name, entry in entries.items()} == {
        "link": "0o755",
        "program": "0o755",
    }
