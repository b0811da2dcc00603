"""The lab's real parts, built by the ordinary Go client from their released modules.

Each module under ``modules/`` is pinned by its go.mod and go.sum; what is built from it goes into
a cache folder whose name is a hash of both (and of the source, where it is ours), so a build
happens once for each version and never in the tree.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

MODULES = Path(__file__).parent / "modules"
_KUBERNETES = "v1.35.4"
_STAMP = "-X k8s.io/component-base/version."

BINARIES: dict[str, dict[str, str]] = {
    "etcd": {"etcd": "go.etcd.io/etcd/server/v3"},
    "kubernetes": {
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    },
    "krew": {
        "krew": "sigs.k8s.io/krew/cmd/krew",
        "validate-krew-manifest": "sigs.k8s.io/krew/cmd/validate-krew-manifest",
    },
    "liqo": {
        "crd-replicator": "github.com/liqotech/liqo/cmd/crd-replicator",
        "fabric": "github.com/liqotech/liqo/cmd/fabric",
        "gateway": "github.com/liqotech/liqo/cmd/gateway",
        "wireguard": "github.com/liqotech/liqo/cmd/gateway/wireguard",
        "ipam": "github.com/liqotech/liqo/cmd/ipam",
        "liqo-controller-manager": "github.com/liqotech/liqo/cmd/liqo-controller-manager",
        "liqoctl": "github.com/liqotech/liqo/cmd/liqoctl",
        "virtual-kubelet": "github.com/liqotech/liqo/cmd/virtual-kubelet",
        "webhook": "github.com/liqotech/liqo/cmd/webhook",
    },
    "delay": {"delay": "lab/delay"},
}
"""For each module, the binaries built from it and the package of each."""

_LDFLAGS = {
    # kubectl and the API server refuse some requests of "v0.0.0-master": they are told theirs.
    "kubernetes": f"{_STAMP}gitVersion={_KUBERNETES} {_STAMP}gitMajor=1 {_STAMP}gitMinor=35",
}


class BuildError(Exception):
    """A binary could not be built; the text holds what the Go client said."""


def cache_root() -> Path:
    """``LAB_CACHE``, or a folder of our own in the user's cache folder."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("LAB_CACHE") or base / "kubectl-liqo-shortcut")


def folder(module: str) -> Path:
    """Where the binaries of *module* are, in the version that its files pin."""
    return _cached(MODULES / module)


def _cached(source: Path) -> Path:
    pins = hashlib.sha256()
    for file in (source / "go.mod", source / "go.sum", *sorted(source.glob("*.go"))):
        if file.exists():
            pins.update(file.read_bytes())
    return cache_root() / f"{source.name}-{pins.hexdigest()[:12]}"


def path(binary: str) -> Path:
    """The built *binary*; it is there once ``build()`` has run."""
    return next(folder(module) / binary for module, names in BINARIES.items() if binary in names)


def build() -> None:
    """Build whatever is not in the cache yet, one after the other, with a line for each."""
    missing = [
        (module, name, package)
        for module, packages in BINARIES.items()
        for name, package in packages.items()
        if not (folder(module) / name).exists()
    ]
    if not missing:
        return
    if shutil.which("go") is None:
        raise BuildError(
            "go is not installed: the lab builds Kubernetes and Liqo with Go >= 1.25.5"
        )
    print(
        f"building {len(missing)} binaries into {cache_root()} (first time: ten minutes or so)",
        flush=True,
    )
    for number, (module, name, package) in enumerate(missing, 1):
        with _one_at_a_time():
            if (folder(module) / name).exists():  # another build was faster
                continue
            began = time.monotonic()
            _build(MODULES / module, name, package)
            took = time.monotonic() - began
        print(f"  {number}/{len(missing)} {name} built in {took:.0f} s", flush=True)


def build_own(source: Path) -> Path:
    """The program of a module of ours that is no part of the lab, built if it is not there yet."""
    program = _cached(source) / source.name
    if not program.exists() and shutil.which("go") is None:
        raise BuildError(f"go is not installed: {source.name} is built with it")
    with _one_at_a_time():
        if not program.exists():
            _build(source, source.name, ".")
    return program


def _build(source: Path, name: str, package: str) -> None:
    target = _cached(source) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    ldflags = f"-s -w {_LDFLAGS.get(source.name, '')}".strip()
    done = subprocess.run(
        ["go", "build", "-trimpath", f"-ldflags={ldflags}", "-o", str(unfinished), package],
        cwd=source,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"go build {package}:\n{done.stderr.strip()}")
    unfinished.rename(target)


def module_folder(path: str, module: str = "liqo") -> Path:
    """Where the Go client keeps the released module *path*; its files are read, never copied."""
    done = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", path],
        cwd=MODULES / module,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not done.stdout.strip():
        raise BuildError(f"go list -m {path}:\n{done.stderr.strip()}")
    return Path(done.stdout.strip())


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two cores build one binary at a time; a second builder waits for the first."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with open(cache_root() / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    build()
