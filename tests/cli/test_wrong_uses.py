"""Every command, used wrongly in every way: one sentence, one hint, the right exit code.

The table of all of them is a golden file, to be read by a person as a user reads it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubectl_liqo_shortcut import cli
from kubectl_liqo_shortcut.cli.root import PROGRAM
from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.engine.runtime import concurrency
from tests.cli.runner import Clusters
from tests.cli.runner import run as run_on
from tests.samples import Golden

PAIR = ("milan", "rome")
COMMANDS: dict[str, tuple[str, ...]] = {
    "create": PAIR,
    "create --dry-run": PAIR,
    "delete": PAIR,
    "preflight": PAIR,
    "adopt": PAIR,
    "sync": (),
    "diff": (),
    "get": (),
    "check": PAIR,
    "describe": PAIR,
    "why": PAIR,
    "verify": PAIR,
    "leaves": (),
    "graph": (),
    "rbac print": ("--hub",),
    "rbac check": ("--hub",),
    "service list": (),
    "service enable": ("demo/web",),
    "service disable": ("demo/web",),
    "crd install": (),
    "crd print": (),
    "completion bash": (),
    "completion install": (),
    "version": (),
}
"""Each command, and the arguments of a right use."""

ASKS_THE_HUB = (
    *("create", "create --dry-run", "delete", "adopt", "sync", "diff", "get", "check"),
    "describe",
    *("verify", "leaves", "graph", "rbac print", "rbac check", "crd install"),
    *("service list", "service enable", "service disable"),
)
"""All but ``preflight`` and ``why``, whose report it is that the hub cannot be asked."""

Said = tuple[int, str]


def process(*args: str) -> Said:
    """What the program says, without the cost of a process of its own."""
    with (
        pytest.MonkeyPatch.context() as patched,
        CliRunner().isolation(env={"KUBECONFIG": os.devnull}) as (_, stderr, _),
    ):
        patched.setattr("sys.argv", [PROGRAM, *args])
        patched.setattr(concurrency, "FIRST_PAUSE", 0.0)
        code = cli._run()
        return code, stderr.getvalue().decode()


def no_argument(command: str, _tmp: Path) -> Said | None:
    return process(*command.split()) if COMMANDS[command] else None


def too_many(command: str, _tmp: Path) -> Said:
    return process(*command.split(), "milan", "rome", "turin")


def misspelt_option(command: str, _tmp: Path) -> Said:
    return process(*command.split(), *COMMANDS[command], "--hepl")


def missing_kubeconfig(command: str, tmp: Path) -> Said | None:
    path = str(tmp / "missing")
    asks = command in ASKS_THE_HUB
    return _told(command, "--kubeconfig", path, hide=(str(tmp),)) if asks else None


def unreachable_hub(command: str, tmp: Path) -> Said | None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    path = tmp / "kubeconfig"
    path.write_text(
        f"current-context: hub\nclusters: [{{name: hub, cluster: {{server: 'https://127.0.0.1:{port}'}}}}]\n"
        "users: [{name: u, user: {token: t}}]\n"
        "contexts: [{name: hub, context: {cluster: hub, user: u}},"
        " {name: milan, context: {cluster: hub, user: u}},"
        " {name: rome, context: {cluster: hub, user: u}}]"
    )
    asks = command in ASKS_THE_HUB
    return _told(command, "--kubeconfig", str(path), hide=(f":{port}", str(tmp))) if asks else None


def hub_without_liqo(command: str, _tmp: Path) -> Said | None:
    clusters = Clusters(*PAIR)
    clusters.hub.objects.clear()
    clusters.hub.not_served.update((r.SHORTCUT, r.CONFIGURATION, r.GATEWAY_CLIENT))
    needs_liqo = command.startswith("create")
    return _on(clusters, command) if needs_liqo else None


def hub_without_the_kind(command: str, _tmp: Path) -> Said | None:
    clusters = Clusters(*PAIR)
    clusters.hub.not_served.add(r.SHORTCUT)
    needs_kind = command in ("create", "delete", "diff", "get")
    return _on(clusters, command) if needs_kind else None


def _told(command: str, *options: str, hide: tuple[str, ...]) -> Said:
    code, said = process(*command.split(), *COMMANDS[command], *options)
    for each in hide:
        said = said.replace(each, "")
    return code, said


def _on(clusters: Clusters, command: str) -> Said:
    result = run_on(*command.split(), *COMMANDS[command], on=clusters)
    return result.exit_code, result.stderr


WAYS: tuple[Callable[[str, Path], Said | None], ...] = (
    no_argument,
    too_many,
    misspelt_option,
    missing_kubeconfig,
    unreachable_hub,
    hub_without_liqo,
    hub_without_the_kind,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.replace("_", " "))
def test_every_wrong_use_is_one_sentence_and_one_hint(
    way: Callable[[str, Path], Said | None], tmp_path: Path, golden: Golden
) -> None:
    told = {command: way(command, tmp_path) for command in COMMANDS}
    lines = []
    for command, said in told.items():
        if said is None:
            continue
        code, text = said
        own = [
            line
            for line in text.splitlines()
            if " for leaf " not in line and " is a fake" not in line
        ]
        lines += [f"$ {PROGRAM} {command}", *own, f"exit code {code}", ""]
        begun = [line.partition(":")[0] for line in own if not line.startswith("  ")]
        assert begun == ["Error", "Hint"], text
        assert code in ((2, 4) if command == "diff" else (1, 2, 4))
    golden(f"wrong/{way.__name__}.txt", "\n".join(lines))


def test_an_option_before_the_command_is_told_where_it_belongs() -> None:
    code, text = process("--context", "torino", "get")
    assert (code, "COMMAND --context" in text) == (2, True), text
