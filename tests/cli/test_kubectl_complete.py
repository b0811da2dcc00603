from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from kubectl_liqo_shortcut.cli.kubectl_complete import completion_lines
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.errors import ClusterError, Unreachable
from tests.cli.runner import Clusters, always, run
from tests.samples import record_of, spec_of
from tests.tables import every

NO_FILES = ":4"


@pytest.fixture
def clusters() -> Clusters:
    clusters = Clusters("milan", "rome", "turin")
    clusters.hub.put(record_of("rome--turin", spec=spec_of("rome", "turin")))
    clusters.hub.put(record_of())
    clusters.asked.clear()
    return clusters


def complete(*words: str, on: Clusters | None = None) -> list[str]:
    """The candidates without their descriptions, and kubectl's directive last."""
    return [line.partition("\t")[0] for line in completion_lines(words, on)]


def test_commands_come_with_their_short_help() -> None:
    assert list(completion_lines(["cre"])) == [
        "create\tLink two leaves of this hub directly.",
        NO_FILES,
    ]


def test_options_are_completed() -> None:
    assert complete("create", "--gw-server-service-t") == ["--gw-server-service-type", NO_FILES]


@pytest.mark.parametrize("words", [("get", "-o", "w"), ("get", "--output", "w"), ("get", "-o=w")])
def test_the_values_of_an_option_are_completed(words: tuple[str, ...]) -> None:
    assert complete(*words)[0] == "wide"


def test_the_value_of_a_dry_run_follows_the_equals_sign_only(clusters: Clusters) -> None:
    assert complete("create", "--dry-run=c") == ["client", NO_FILES]
    assert complete("create", "--dry-run", "mil", on=clusters) == ["milan", NO_FILES]


def test_create_takes_two_leaves_of_the_hub(clusters: Clusters) -> None:
    assert complete("create", "", on=clusters) == ["milan", "rome", "turin", NO_FILES]
    assert complete("create", "milan", "", on=clusters) == ["rome", "turin", NO_FILES]
    assert complete("create", "milan", "rome", "", on=clusters) == [NO_FILES]


def test_the_server_is_one_of_the_leaves_named(clusters: Clusters) -> None:
    words = ("create", "milan", "rome", "--gw-server", "")
    assert complete(*words, on=clusters) == ["milan", "rome", NO_FILES]
    assert clusters.asked == []


def test_a_cluster_of_the_link_is_one_of_the_leaves_named() -> None:
    assert complete("create", "milan", "rome", "--for", "r") == ["rome", NO_FILES]


def test_leaves_takes_any_leaves_of_the_hub_each_once(clusters: Clusters) -> None:
    assert complete("leaves", "", on=clusters) == ["milan", "rome", "turin", NO_FILES]
    assert complete("leaves", "rome", "milan", "", on=clusters) == ["turin", NO_FILES]


def test_a_leafs_option_is_not_finished_with_its_name(clusters: Clusters) -> None:
    assert complete("get", "--leaf-context", "mi", on=clusters) == ["milan=", ":6"]
    assert complete("get", "--leaf-context", "milan=", on=clusters) == [NO_FILES]


@pytest.mark.parametrize("command", ["get", "delete", "sync", "diff"])
def test_shortcuts_are_completed_by_name_or_by_leaf(command: str, clusters: Clusters) -> None:
    assert complete(command, "", on=clusters) == [
        *("milan--rome", "rome--turin", "milan", "rome", "turin", NO_FILES)
    ]


@pytest.mark.parametrize("command", ["get", "delete", "sync", "diff"])
def test_the_second_word_is_the_other_leaf(command: str, clusters: Clusters) -> None:
    assert complete(command, "rome", "", on=clusters) == ["milan", "turin", NO_FILES]
    assert complete(command, "rome--turin", "", on=clusters) == [NO_FILES]
    assert complete(command, "rome", "turin", "", on=clusters) == [NO_FILES]


def test_the_hub_is_asked_once(clusters: Clusters) -> None:
    complete("get", "", on=clusters)
    assert len(clusters.asked) == 1


@pytest.mark.parametrize(
    "error", [Unreachable("the hub", "no answer"), ClusterError("the hub", "forbidden")]
)
def test_a_hub_that_does_not_answer_gives_no_candidates(
    error: ClusterError, clusters: Clusters
) -> None:
    clusters.hub.fault = always(error)
    assert complete("get", "", on=clusters) == [NO_FILES]


def test_a_hub_without_the_kind_gives_no_candidates(clusters: Clusters) -> None:
    clusters.hub.not_served.update(ref.kind for ref in clusters.hub.objects)
    assert complete("delete", "", on=clusters) == [NO_FILES]


def test_a_silent_hub_is_not_waited_for(
    clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def silent(_verb: str, _ref: ObjectRef) -> None:
        answered.wait()

    clusters.hub.fault = silent
    monkeypatch.setattr(completions, "_PATIENCE", 0.05)
    assert complete("get", "", on=clusters) == [NO_FILES]  # else it waits for ever
    answered.set()


@pytest.mark.parametrize(
    "words", [("create", "-f", ""), ("get", "--kubeconfig", "x"), ("create", "--facts", "fi")]
)
def test_files_are_left_to_the_shell(words: tuple[str, ...]) -> None:
    assert complete(*words) == [":0"]


def test_facts_may_be_none() -> None:
    assert complete("create", "--facts", "no") == ["none", NO_FILES]


def test_folders_are_left_to_the_shell() -> None:
    assert complete("create", "--output-directory", "") == [":16"]


def test_contexts_come_from_the_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "config")
    Path(path).write_text("contexts: [{name: torino, context: {}}, {name: milan, context: {}}]")
    assert complete("get", "--kubeconfig", path, "--context", "") == ["torino", "milan", NO_FILES]
    monkeypatch.setenv("KUBECONFIG", path)
    assert complete("get", "--context", "to") == ["torino", NO_FILES]


def test_a_broken_kubeconfig_gives_no_contexts(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("[")
    assert complete("get", "--kubeconfig", str(path), "--context", "") == [NO_FILES]


def test_a_description_cannot_start_another_candidate(clusters: Clusters) -> None:
    record = record_of("rome--x", spec=spec_of("rome", "tu\n:1\trin"))
    clusters.hub.put(record)
    assert all("\n" not in line for line in completion_lines(["get", ""], clusters))
    assert sum(line.count("\t") for line in completion_lines(["get", "rome--x"], clusters)) == 1


@pytest.mark.process
@every("shell", ["bash", "zsh", "fish", "powershell"])
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    script = run("completion", shell).stdout
    assert f"{shell}_complete" in script
    assert "kubectl-liqo_shortcut" in script


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plugin in the only folder on PATH."""
    path = tmp_path / "bin" / "kubectl-liqo_shortcut"
    path.parent.mkdir()
    path.write_text("#!/bin/sh")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent))
    return path


def test_install_links_the_completer_beside_the_plugin(program: Path) -> None:
    result = run("completion", "install")
    link = program.with_name("kubectl_complete-liqo_shortcut")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{link} linked to {program}\n"
    assert link.readlink() == program


def test_install_leaves_a_completer_that_is_there_alone(program: Path) -> None:
    shutil.copy(program, program.with_name("kubectl_complete-liqo_shortcut"))
    result = run("completion", "install")
    assert (result.exit_code, "already" in result.stdout) == (0, True)


def test_install_into_another_folder_says_that_it_is_not_on_the_path(
    program: Path, tmp_path: Path
) -> None:
    words = ("completion", "install", "--directory", str(tmp_path))
    first, again = run(*words), run(*words)
    assert (tmp_path / "kubectl_complete-liqo_shortcut").readlink() == program
    assert "is on PATH" in first.stderr
    assert (again.exit_code, again.stdout) == (0, first.stdout)


def test_install_overwrites_no_file(program: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "kubectl_complete-liqo_shortcut"
    foreign.write_text("foreign")
    result = run("completion", "install", "--directory", str(tmp_path))
    assert (result.exit_code, foreign.read_text()) == (1, "foreign")
    assert result.stderr == (
        f"Error: cannot make {foreign}: File exists\nHint: choose a folder with --directory\n"
    )


@pytest.mark.parametrize("relative", ["", ".", "bin", "./bin"])
def test_install_trusts_no_relative_folder_of_the_path(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: str
) -> None:
    checkout = tmp_path / "checkout"
    for folder in (checkout, checkout / "bin"):
        folder.mkdir()
        for name in (program.name, "kubectl_complete-liqo_shortcut"):
            shutil.copy(program, folder / name)
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", os.pathsep.join([relative, str(program.parent)]))
    assert f"linked to {program}\n" in run("completion", "install").stdout
    monkeypatch.setenv("PATH", os.pathsep.join([relative, relative]))
    result = run("completion", "install")
    assert (result.exit_code, "in no absolute folder of PATH" in result.stderr) == (1, True)


def test_install_needs_the_plugin_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    result = run("completion", "install")
    assert (result.exit_code, "in no absolute folder of PATH" in result.stderr) == (1, True)
