"""Completion as kubectl and real shells do it, on the lab."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.plugin import PAIR, environment, succeed
from tests.lab import binaries
from tests.lab.lab import Lab

NO_FILES = ":4"
KUBECTL = binaries.path("kubectl")

# What bash does at a TAB press, without a terminal: the completion function is called by hand.
_PRESS = """
COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; COMP_KEY=9
IFS=' ' read -r -a COMP_WORDS <<< "$COMP_LINE"; [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
compopt() {{ :; }}
{function} "${{COMP_WORDS[0]}}" "${{COMP_WORDS[COMP_CWORD]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def linked(lab: Lab) -> Iterator[Lab]:
    """The lab with one shortcut, made once for all tests of this module."""
    lab.remove_shortcuts()
    lab.clear_link(*PAIR)
    succeed(lab, "crd", "install")
    succeed(lab, "create", *PAIR)
    yield lab
    lab.remove_shortcuts()
    lab.clear_link(*PAIR)


def ask_kubectl(lab: Lab, *words: str) -> tuple[list[str], str, float]:
    """The candidates with kubectl's directive, what stands on standard error, and the seconds."""
    began = time.monotonic()
    done = subprocess.run(
        [KUBECTL, "__complete", "liqo-shortcut", *words],
        env=environment(lab),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.monotonic() - began
    assert done.returncode == 0
    return [line.partition("\t")[0] for line in done.stdout.splitlines()], done.stderr, took


def _kubeconfig(server: str) -> dict[str, object]:
    return {
        "current-context": "silent",
        "clusters": [{"name": "silent", "cluster": {"server": server}}],
        "contexts": [{"name": "silent", "context": {"cluster": "silent", "user": ""}}],
        "users": [],
    }


def shell(lab: Lab, name: str, script: str) -> list[str]:
    """The lines that *script* prints in the real shell *name*; it must print no error."""
    program = shutil.which(name)
    assert program, f"{name} is not installed; CONTRIBUTING.md says what the tests need"
    done = subprocess.run(
        [program, *(["--norc"] if name == "bash" else []), "-c", script],
        env=environment(lab),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_kubectl_lists_the_shortcuts_and_their_leaves(linked: Lab) -> None:
    found, _, _ = ask_kubectl(linked, "get", "")
    assert found == ["leaf-1--leaf-2", "leaf-1", "leaf-2", NO_FILES]


def test_kubectl_lists_the_leaves_of_the_hub(linked: Lab) -> None:
    found, _, _ = ask_kubectl(linked, "create", "leaf-1", "")
    assert "leaf-2" in found
    assert "leaf-1" not in found


def test_with_the_hub_down_kubectl_lists_nothing(linked: Lab) -> None:
    linked.faults.cut_api_server("hub")
    try:
        found, said, _ = ask_kubectl(linked, "get", "")
    finally:
        linked.faults.mend_api_server("hub")
    assert found == [NO_FILES]
    assert "rror" not in said


def test_a_hub_that_never_answers_is_not_waited_for(linked: Lab, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(json.dumps(_kubeconfig(address)))
        found, _, took = ask_kubectl(linked, "delete", "--kubeconfig", str(kubeconfig), "")
    assert found == [NO_FILES]
    assert took < 5  # a command would wait for 30 s; the aim is 2 s


@pytest.mark.parametrize(
    ("words", "completed"), [("get leaf-1--", "leaf-1--leaf-2"), ("del", "delete")]
)
def test_bash_completes_through_kubectl(linked: Lab, words: str, completed: str) -> None:
    library = "/usr/share/bash-completion/bash_completion"
    press = _PRESS.format(line=f"kubectl liqo-shortcut {words}", function="__start_kubectl")
    found = shell(linked, "bash", f"source {library}; source <(kubectl completion bash); {press}")
    assert [each.strip() for each in found] == [completed]


def test_bash_completes_the_program_under_its_own_name(linked: Lab) -> None:
    script = "source <(kubectl-liqo_shortcut completion bash);"
    function = "_kubectl_liqo_shortcut_completion"
    line = "kubectl-liqo_shortcut get leaf-1 "
    found = shell(linked, "bash", script + _PRESS.format(line=line, function=function))
    assert found == ["leaf-2"]


def test_fish_completes_the_program_under_its_own_name(linked: Lab) -> None:
    ask = 'complete -C "kubectl-liqo_shortcut get leaf-1 "'
    found = shell(linked, "fish", f"kubectl-liqo_shortcut completion fish | source; {ask}")
    assert found == ["leaf-2"]


def test_zsh_completes_the_program_under_its_own_name(linked: Lab) -> None:
    found = shell(
        linked,
        "zsh",
        "autoload -U compinit; compinit -D -u; source <(kubectl-liqo_shortcut completion zsh);"
        "compadd() { print -l -- ${(P)@[-1]} }; _describe() { print -l -- ${(P)3} };"
        "words=(kubectl-liqo_shortcut get leaf-1 ''); CURRENT=4; $_comps[kubectl-liqo_shortcut]",
    )
    assert found == ["leaf-2"]
