from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from kubectl_liqo_shortcut.cli.root import EXECUTABLE, PROGRAM, cli
from tests.cli.runner import run
from tests.samples import Golden
from tests.tables import every


def walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from walk(command, (*path, name))


COMMANDS = dict(walk(cli))
every_command = every("name", COMMANDS)

# The global flags of kubectl 1.34 and their shorthands.
KUBECTL = frozenset(
    f"--{flag}"
    for flag in (
        *("as", "as-group", "as-uid", "as-user-extra", "cache-dir", "certificate-authority"),
        *("client-certificate", "client-key", "cluster", "context", "disable-compression"),
        *("insecure-skip-tls-verify", "kubeconfig", "kuberc", "log-flush-frequency"),
        *("match-server-version", "namespace", "password", "profile", "profile-output"),
        *("request-timeout", "server", "tls-server-name", "token", "user", "username", "v"),
        *("vmodule", "warnings-as-errors"),
    )
) | {"-n", "-s", "-v"}
SAME_MEANING = {
    *("--context", "--kubeconfig", "--as", "--as-group", "--as-uid"),
    *("--namespace", "-n"),
}


def options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


@every_command
def test_every_command_has_help(name: str) -> None:
    assert COMMANDS[name].help


@every_command
def test_every_option_has_help(name: str) -> None:
    assert [option.name for option in options(COMMANDS[name]) if not option.help] == []


def examples(command: click.Command) -> list[str]:
    """The command lines of its help, each without what the shell does with the output."""
    text = str(command.epilog).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [line.split(" > ")[0].split(" | ")[0] for line in lines if line.startswith(PROGRAM)]


@every_command
def test_every_command_has_two_examples(name: str) -> None:
    ours = str(COMMANDS[name].epilog).count(f"\n  {EXECUTABLE} ")
    from_this_shell = str(COMMANDS[name].epilog).count(f"<({EXECUTABLE}")
    assert len(examples(COMMANDS[name])) + ours + from_this_shell >= 2


@every("line", sorted({line for each in COMMANDS.values() for line in examples(each)}))
def test_every_example_is_a_right_command_line(line: str) -> None:
    words = shlex.split(line.removeprefix(PROGRAM))
    if words == ["--version"]:
        return  # ends the program while it is parsed; another test is of it
    context = cli.make_context(PROGRAM, words)
    words = [*context._protected_args, *context.args]
    while isinstance(context.command, click.Group):
        name, command, words = context.command.resolve_command(context, words)
        assert command is not None
        context = command.make_context(name, words, parent=context)
        words = [*context._protected_args, *context.args]


@every_command
def test_no_option_takes_the_name_of_a_global_flag_of_kubectl(name: str) -> None:
    ours = {flag for option in options(COMMANDS[name]) for flag in option.opts}
    assert ours & KUBECTL <= SAME_MEANING


@every("name", ["", *COMMANDS], ids=lambda name: name or "program")
def test_the_help_is_as_reviewed(name: str, golden: Golden) -> None:
    result = run(*name.split(), "--help")
    golden(f"help/{name.replace(' ', '-') or 'program'}.txt", result.stdout)


@every_command
def test_the_short_help_of_the_list_is_the_commands_own(name: str) -> None:
    if " " not in name:
        first = str(COMMANDS[name].help).split("\n\n")[0].rstrip(".")
        assert first.split(",")[0][:20] in run("--help").stdout


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_a_short_form(flag: str) -> None:
    assert run("get", flag).stdout.startswith("Usage: kubectl liqo-shortcut get ")


def test_an_unknown_command_is_a_wrong_command_line() -> None:
    result = run("connect")
    assert (result.exit_code, "No such command 'connect'" in result.stderr) == (2, True)


@pytest.mark.parametrize("args", [("version",), ("--version",)], ids=["command", "option"])
def test_the_version_is_told(args: tuple[str, ...]) -> None:
    assert run(*args).stdout.startswith("kubectl liqo-shortcut")
