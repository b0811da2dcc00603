"""``kubectl liqo-shortcut sync``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note, show
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    dry_run_option,
    progress_options,
    timeout_option,
    wait_option,
)
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.core.model import Object, name_of
from kubectl_liqo_shortcut.errors import ExitCode, Invalid

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.commands.prune import Orphans
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.engine.link.shared_look import SharedLook
    from kubectl_liqo_shortcut.engine.runtime.jobs import Job

_EPILOG = """\b
Examples:
  # all shortcuts of this hub: complete, repair, apply edited records, finish deletions
  kubectl liqo-shortcut sync
  # what it would do
  kubectl liqo-shortcut sync --dry-run
  # one, whose link somebody took away on a leaf
  kubectl liqo-shortcut sync milan--rome --recreate
  # remove what bears this hub's labels on the leaves and no record knows
  kubectl liqo-shortcut sync --prune
"""


@click.command("sync", cls=KubectlCommand, epilog=_EPILOG + JSON_EPILOG)
@click.argument(
    "words",
    nargs=-1,
    metavar="[LEAF [LEAF] | NAME...]",
    shell_complete=completions.complete_shortcuts,
)
@click.option("--recreate", is_flag=True, help="Recreate links that somebody deleted on a leaf")
@click.option(
    "--prune",
    is_flag=True,
    help="Afterwards remove orphaned objects, without a record",
)
@click.option("--yes", is_flag=True, help="Do not ask (with --prune)")
@dry_run_option("print the steps, change nothing")
@wait_option
@timeout_option
@progress_options
@access_options
def command(
    words: tuple[str, ...],
    recreate: bool,
    prune: bool,
    yes: bool,
    dry_run: str,
    wait: bool,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Reconcile the leaves with the hub's records.

    Completes interrupted work, repairs changed objects, applies edited records, finishes
    deletions and cleanups, removes expired links, and refreshes each status.
    """
    from kubectl_liqo_shortcut.adapters.templates import read_template
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.get import select
    from kubectl_liqo_shortcut.commands.sync import SyncOptions, sync
    from kubectl_liqo_shortcut.core.link.render import Renderer
    from kubectl_liqo_shortcut.core.link.shortcut import pair_of
    from kubectl_liqo_shortcut.engine.link.shared_look import share

    if prune and words:
        raise Invalid("--prune cannot be combined with names: it checks every leaf of the hub")
    records, renderer = select(words, access), Renderer(read_template)
    pairs = [pair_of(each).leaves for each in records]
    note_connections(access, (leaf for pair in pairs for leaf in pair))
    shared = share(pairs, access, timeout)
    if dry_run == "client":
        _print_steps(records, access, renderer, timeout, shared)
    elif records:
        options = SyncOptions(timeout=timeout, wait=wait, recreate=recreate)
        jobs: dict[str, Job] = {
            name_of(each): partial(sync, each, access, renderer, options, shared=shared)
            for each in records
        }
        run_jobs(jobs, timeout)
    elif not prune:
        note("No shortcuts found.")
    if prune:
        _prune(access, timeout, yes=yes, dry_run=dry_run == "client")


def _print_steps(
    records: list[Object],
    access: ClusterAccess,
    renderer: Renderer,
    timeout: float,
    shared: SharedLook | None,
) -> None:
    from kubectl_liqo_shortcut.commands.sync import next_steps
    from kubectl_liqo_shortcut.output.formats import resource_name

    for record in records:
        lines = list(next_steps(record, access, renderer, timeout, shared))
        for line in lines:
            note(line, name_of(record))
        verb = "configured" if lines else "unchanged"
        click.echo(f"{resource_name(record)} {verb} (dry run)")


def _prune(access: ClusterAccess, timeout: float, *, yes: bool, dry_run: bool) -> None:
    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.prune import find_orphans, prune

    orphans = find_orphans(access, timeout)
    for each in orphans.found:
        ref = each.entry.ref
        said = f"{ref.cluster}: {ref} is an orphan of {each.shortcut}"
        note(said, each.shortcut, needed=not (yes or dry_run))  # a question follows
    if not orphans.found:
        note("No orphans found.")
    elif not dry_run and _agreed(orphans, yes):
        jobs = {name: partial(prune, name, orphans, access, timeout) for name in orphans.shortcuts}
        run_jobs(jobs, timeout)
    _tell_silent(orphans)


def _agreed(orphans: Orphans, yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Invalid("no terminal to confirm --prune", hint="add --yes")
    return click.confirm(f"Delete these {len(orphans.found)} objects?", err=True)


def _tell_silent(orphans: Orphans) -> None:
    for error in orphans.silent.values():
        show(error)
    if orphans.silent:
        click.get_current_context().exit(ExitCode.PARTLY)
