"""Options that tell the way to the clusters."""

from __future__ import annotations

from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.params.access import access_options
from kubectl_liqo_shortcut.cli.params.connect import access_from
from kubectl_liqo_shortcut.cli.root import cli
from kubectl_liqo_shortcut.errors import ExitCode
from tests.cli.runner import run


def options(*args: str) -> dict[str, Any]:
    """The values that these arguments give."""
    seen: dict[str, Any] = {}

    @click.command
    @access_options
    @click.pass_context
    def command(ctx: click.Context, access: ClusterAccess) -> None:
        seen.update(ctx.params, access=access)

    result = CliRunner().invoke(command, args)
    assert result.exception is None, result.exception
    return seen


def test_the_hub_is_asked_as_somebody_else() -> None:
    given = options("--as", "jane", "--as-group", "a", "--as-group", "b", "--as-uid", "7")
    acting = access_from(given)._impersonation
    assert (acting.user, acting.groups, acting.uid) == ("jane", ("a", "b"), "7")


def test_liqo_may_be_elsewhere_everywhere_or_on_one_leaf() -> None:
    access = access_from(
        options("--liqo-namespace", "tunnels", "--leaf-liqo-namespace", "rome=liqo-2")
    )
    assert access.liqo_namespace_of("milan") == "tunnels"
    assert access.liqo_namespace_of("rome") == "liqo-2"
    assert access_from(options()).liqo_namespace_of("rome") == ""


def test_a_stored_identity_may_be_local_only_if_that_is_asked_for() -> None:
    assert not access_from(options())._allow_local_identity
    assert access_from(options("--allow-local-identity"))._allow_local_identity


@pytest.mark.parametrize(
    ("option", "where"),
    [
        (("--liqo-namespace", "A/b"), "--liqo-namespace"),
        (("--leaf-liqo-namespace", "rome=../x"), "--leaf-liqo-namespace rome"),
    ],
)
def test_what_is_no_namespace_is_refused(option: tuple[str, str], where: str) -> None:
    result = run("get", *option)
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith(f"Error: {where}: ")


def test_a_dry_run_knows_where_liqo_is() -> None:
    elsewhere = ("--liqo-namespace", "tunnels")
    words = ("create", "milan", "rome", "--dry-run", "--facts", "none", "-o", "yaml", *elsewhere)
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.stderr
    templates = [
        manifest["spec"][key]["namespace"]
        for document in yaml.safe_load_all(result.stdout)
        if document["kind"] == "LeafManifests"
        for manifest in (*document["manifests"], *document.get("pending", ()))
        for key in manifest.get("spec", {})
        if key.endswith("TemplateRef")
    ]
    assert set(templates) == {"tunnels"}
