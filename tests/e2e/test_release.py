"""What ``make dist`` built, as its users get it: by pip, and by the real krew through kubectl."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.busy_hub import busy_hub
from tests.cli.terminal import on_terminal
from tests.e2e.plugin import NAME, PAIR, link_objects
from tests.lab import binaries
from tests.lab.lab import Lab

ROOT = Path(__file__).parents[2]
ARCHIVE = "kubectl-liqo_shortcut-linux-amd64.tar.gz"
BILL = "kubectl-liqo_shortcut-linux-amd64.cdx.json"
PLUGIN = "kubectl-liqo_shortcut"
DRY_RUN = ("create", "milan", "rome", "--dry-run", "--facts", "none", "-o", "yaml")
PROBES = ("verify", "milan", "rome", "--dry-run", "-o", "yaml")
"""It needs the probe, which is a file of the package and not a module."""

HELPS = (
    *("", "create", "delete", "get", "crd", "crd install", "crd print", "completion"),
    *("completion install", "version"),
)


def run(
    *command: str | Path, env: Mapping[str, str] | None = None, code: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run it; *code* is the expected exit code, None for any but 0."""
    done = subprocess.run(
        command,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    right = done.returncode != 0 if code is None else done.returncode == code
    assert right, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def dist() -> Path:
    """The folder that ``make dist`` fills; nothing is built if nothing changed."""
    run("make", "-C", ROOT, "dist")
    return ROOT / "dist"


@pytest.fixture(scope="module")
def krew(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the plugin installed by krew, and nothing but kubectl beside it."""
    environment = krew_root(tmp_path_factory.mktemp("krew"))
    install(dist, dist / ARCHIVE, environment)
    return environment


def krew_root(root: Path) -> dict[str, str]:
    path = os.pathsep.join(
        (str(root / "bin"), str(binaries.path("kubectl").parent), "/usr/bin", "/bin")
    )
    return {"KREW_ROOT": str(root), "PATH": path, "HOME": str(root), "KUBECONFIG": os.devnull}


def install(
    dist: Path, archived: Path, environment: Mapping[str, str], code: int | None = 0
) -> str:
    manifest = dist / "liqo-shortcut.yaml"
    words = ("install", f"--manifest={manifest}", f"--archive={archived}")
    return run(binaries.path("krew"), *words, env=environment, code=code).stderr


def through_kubectl(environment: Mapping[str, str], *words: str) -> str:
    return run(binaries.path("kubectl"), "liqo-shortcut", *words, env=environment).stdout


def test_every_artefact_is_in_the_checksums(dist: Path) -> None:
    lines = (line.split() for line in (dist / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest for digest, name in lines}
    assert len(sums) == 5
    for name, digest in sums.items():
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest


def test_the_archive_holds_what_krew_can_unpack_and_the_licence(dist: Path) -> None:
    with tarfile.open(dist / ARCHIVE) as tar:
        entries = tar.getmembers()
    names = {entry.name for entry in entries}
    assert all(entry.isreg() for entry in entries)
    assert not any(".." in name or name.startswith("/") for name in names)
    assert {"LICENSE", PLUGIN} <= names
    packages = {name.removeprefix("_internal/").partition("/")[0] for name in names}
    unwanted = {"pytest", "_pytest", "hypothesis", "mypy", "PyInstaller", "pip", "pygments"}
    assert not packages & unwanted


def test_the_archive_holds_the_licence_of_everything_in_its_bill(dist: Path) -> None:
    with tarfile.open(dist / ARCHIVE) as tar:
        sizes = {entry.name: entry.size for entry in tar.getmembers()}
    bill = json.loads((dist / BILL).read_text())
    for each in bill["components"]:
        assert each["version"], each["name"]
        (folder,) = (it["value"] for it in each["properties"] if it["name"] == "licenses")
        texts = [name for name in sizes if name.startswith(f"{folder}/")]
        assert any(sizes[name] > 500 for name in texts), each["name"]


def test_the_bill_names_every_library_and_package_that_was_frozen(dist: Path) -> None:
    with tarfile.open(dist / ARCHIVE) as tar:
        names = {name.removeprefix("_internal/") for name in tar.getnames()}
    components = {each["name"] for each in json.loads((dist / BILL).read_text())["components"]}
    assert {name for name in names if re.fullmatch(r"lib[^/]*\.so[.0-9]*", name)} <= components
    packages = {"certifi", "click", "idna", "jinja2", "kubernetes", "markupsafe", "requests"}
    packages |= {"rich", "tabulate", "urllib3"}
    assert packages <= {name.partition("/")[0] for name in names}
    assert packages | {"cpython", "libyaml", "pyinstaller", "pyyaml"} <= components


def test_krew_links_the_plugin_and_installs_the_licence(krew: dict[str, str]) -> None:
    root = Path(krew["KREW_ROOT"])
    link = root / "bin" / PLUGIN
    assert link.resolve().is_relative_to(root.resolve() / "store" / "liqo-shortcut")
    assert (link.resolve().parent / "LICENSE").is_file()


def test_krew_refuses_an_archive_that_was_changed(dist: Path, tmp_path: Path) -> None:
    changed = tmp_path / ARCHIVE
    changed.write_bytes((dist / ARCHIVE).read_bytes() + b"x")
    said = install(dist, changed, krew_root(tmp_path / "krew"), code=None)
    assert "checksum does not match" in said


def test_krews_own_check_accepts_the_manifest(dist: Path, tmp_path: Path) -> None:
    handler = functools.partial(_Quiet, directory=str(dist))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        manifest = yaml.safe_load((dist / "liqo-shortcut.yaml").read_text())
        (linux,) = manifest["spec"]["platforms"]
        linux["uri"] = f"http://127.0.0.1:{server.server_port}/{ARCHIVE}"
        copy = tmp_path / "liqo-shortcut.yaml"
        copy.write_text(yaml.safe_dump(manifest))
        environment = krew_root(tmp_path)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "kubectl-krew").symlink_to(binaries.path("krew"))  # it calls kubectl
        run(binaries.path("validate-krew-manifest"), f"-manifest={copy}", env=environment)
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_kubectl_runs_what_krew_installed(krew: dict[str, str]) -> None:
    assert through_kubectl(krew, "version").startswith("kubectl liqo-shortcut ")
    for words in (DRY_RUN, PROBES):
        pip = run(Path(sys.executable).with_name(PLUGIN), *words).stdout
        assert through_kubectl(krew, *words) == pip


@pytest.mark.parametrize("command", HELPS, ids=lambda each: each or "program")
def test_every_command_of_the_frozen_program_has_the_same_help(
    krew: dict[str, str], command: str
) -> None:
    words = (*command.split(), "--help")
    pip = run(Path(sys.executable).with_name(PLUGIN), *words).stdout
    assert through_kubectl(krew, *words) == pip


def test_the_frozen_program_has_the_live_view(dist: Path, tmp_path: Path) -> None:
    command = ("delete", "milan", "rome", "--timeout", "3s", "--kubeconfig")
    with busy_hub(tmp_path) as kubeconfig:
        session = on_terminal(dist / PLUGIN / PLUGIN, *command, kubeconfig, width=40)
    assert (session.code, session.is_coloured, "s left" in session.raw) == (5, True, True)


def test_completion_is_one_link_away(krew: dict[str, str], tmp_path: Path) -> None:
    through_kubectl(krew, "completion", "install", "--directory", str(tmp_path))
    environment = krew | {"PATH": os.pathsep.join((str(tmp_path), krew["PATH"]))}
    done = run(binaries.path("kubectl"), "__complete", "liqo-shortcut", "vers", env=environment)
    assert done.stdout == "version\tPrint the version.\n:4\n"


def test_what_krew_installed_makes_a_shortcut_and_takes_it_away(
    krew: dict[str, str], clean_lab: Lab
) -> None:
    environment = krew | {"KUBECONFIG": str(clean_lab.kubeconfig)}
    through_kubectl(environment, "crd", "install")
    assignments = [f"{name}={value}" for name, value in environment.items()]
    command = (binaries.path("kubectl"), "liqo-shortcut", "create", *PAIR)
    session = on_terminal("/usr/bin/env", *assignments, *command, width=120)
    assert (session.code, "s left" in session.raw) == (0, True)  # the live view came, and went
    assert session.left[-1].endswith(f"/{NAME} created")
    assert not any("s left" in line for line in session.left)
    assert "Connected" in through_kubectl(environment, "get")
    through_kubectl(environment, "delete", *PAIR)
    assert link_objects(clean_lab) == []


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new venv with the locked dependencies and no plugin."""
    root = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", root)
    locked = ("--require-hashes", "--requirement", str(ROOT / "requirements-dist.txt"))
    run(root / "bin" / "pip", "install", "--quiet", "--no-compile", *locked)
    return root / "bin"


@pytest.fixture
def venv(dependencies: Path) -> Iterator[Path]:
    """The same; the plugin that a test installs is gone before the next one."""
    yield dependencies
    run(dependencies / "pip", "uninstall", "--quiet", "--yes", "kubectl-liqo-shortcut")
    assert not (dependencies / PLUGIN).exists()


@pytest.mark.parametrize(
    "package",
    [
        "*.whl",
        pytest.param("kubectl_liqo_shortcut-*.tar.gz", marks=pytest.mark.soak("installs")),
        pytest.param("editable", marks=pytest.mark.soak("installs")),
    ],
)
def test_pip_installs_it(dist: Path, venv: Path, package: str, tmp_path: Path) -> None:
    if package == "editable":
        tree = tmp_path / "tree"
        run("git", "clone", "--quiet", ROOT, tree)
        what: tuple[str | Path, ...] = ("--editable", tree)
    else:
        what = tuple(dist.glob(package))
    run(venv / "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *what)
    assert run(venv / PLUGIN, "version").stdout.startswith("kubectl liqo-shortcut ")
    for words in (DRY_RUN, PROBES):
        assert "kind: LeafManifests" in run(venv / PLUGIN, *words).stdout
    assert run(venv / "kubectl_complete-liqo_shortcut", "vers").stdout.startswith("version\t")
    run(venv / "pip", "check")
