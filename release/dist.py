"""``make dist``: everything a release consists of, for this machine's platform, in ``dist/``."""

from __future__ import annotations

import sys
from pathlib import Path

from release import archive, freeze, manifest, packages, sbom
from release.version import ROOT, ReleaseError, version

DIST = ROOT / "dist"
SUMS = "SHA256SUMS"


def build() -> None:
    """Build all and print what it is."""
    version()  # an inconsistent one is known at once
    DIST.mkdir(exist_ok=True)
    _clear(DIST)
    wheel, sdist = packages.build(DIST)
    archived, frozen, parts = freeze.build(wheel, DIST)
    bill = sbom.build(frozen, archived, parts)
    made = [wheel, sdist, archived, bill, manifest.build(DIST)]
    sums = {path: archive.sha256(path) for path in made}
    lines = [f"{digest}  {path.name}" for path, digest in sums.items()]
    (DIST / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for path, digest in sums.items():
        print(f"{digest}  {path.stat().st_size / 1e6:6.2f} MB  {path.relative_to(ROOT)}")
    files = archive.files_under(frozen).values()
    size = sum(path.stat().st_size for path in files) / 1e6
    glibc = freeze.needed_glibc(frozen)
    needs = f"; needs glibc {glibc} or newer" if glibc else ""
    print(f"installed by krew: {size:.1f} MB in {len(files)} files{needs}")


def _clear(folder: Path) -> None:
    """Remove what an earlier build of this platform left; other platforms' archives stay."""
    ours = "-".join(freeze.this_platform())
    for path in folder.iterdir():
        if path.is_file() and (ours in path.name or path.suffix in (".whl", ".yaml")):
            path.unlink()
    for path in folder.glob("kubectl_liqo_shortcut-*.tar.gz"):
        path.unlink()


if __name__ == "__main__":
    try:
        build()
    except ReleaseError as error:
        sys.exit(f"make dist: {error}")
