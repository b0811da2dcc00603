"""``kubectl liqo-shortcut delete``."""

from __future__ import annotations

import sys

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    dry_run_option,
    file_option,
    link_argument,
    progress_options,
    requests_from,
    timeout_option,
)
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.commands.get import NotFound, find, get, link_named
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, cluster_id, name_of
from kubectl_liqo_shortcut.errors import Interrupted, Invalid, ShortcutError
from kubectl_liqo_shortcut.output.formats import resource_name

_EPILOG = """\b
Examples:
  # by its leaves, or by its name
  kubectl liqo-shortcut delete milan rome
  kubectl liqo-shortcut delete milan--rome
  # what would go
  kubectl liqo-shortcut delete milan rome --dry-run
  # a leaf is gone for ever: clean the other one, and print what is left there
  kubectl liqo-shortcut delete milan rome --forget
  # a leaf is gone for ever: all its shortcuts, then what Liqo itself still has of it
  kubectl liqo-shortcut delete --leaf rome --forget
  # all shortcuts of this hub
  kubectl liqo-shortcut delete --all --yes
"""


@click.command("delete", cls=KubectlCommand, epilog=_EPILOG + JSON_EPILOG)
@link_argument
@file_option
@click.option("--all", "everything", is_flag=True, help="All shortcuts of this hub")
@click.option(
    "--leaf",
    metavar="ID",
    shell_complete=completions.complete_leaves,
    help="All shortcuts of this leaf; with --forget, list what Liqo itself still has of it",
)
@click.option("--yes", is_flag=True, help="Do not ask (with --all or --leaf)")
@click.option("--ignore-not-found", is_flag=True, help="No error if there is no such shortcut")
@dry_run_option("print what would go, change nothing")
@click.option(
    "--delete-namespaces",
    is_flag=True,
    help="Delete the tenant namespaces made for it too, where nothing else is in them",
)
@click.option(
    "--forget",
    is_flag=True,
    help="Delete the record though a leaf is gone; objects may stay there",
)
@timeout_option
@progress_options
@access_options
def command(
    words: tuple[str, ...],
    filename: str | None,
    everything: bool,
    leaf: str | None,
    yes: bool,
    ignore_not_found: bool,
    dry_run: str,
    delete_namespaces: bool,
    forget: bool,
    timeout: float,
    access: ClusterAccess,
) -> None:
    """Delete a shortcut; the peerings stay.

    First switches the Services that use the link back to the hub's path. Then deletes the link's
    objects on both leaves, waits until Liqo has cleaned up, and deletes the record. Keeps tenant
    namespaces, and a link that a peering uses. If one leaf does not answer, the command cleans the
    other one, and the record lists what is left.
    """
    import functools

    from kubectl_liqo_shortcut.cli.run import run_jobs
    from kubectl_liqo_shortcut.commands.delete import DeleteOptions, delete
    from kubectl_liqo_shortcut.commands.delete_dry_run import plan_lines, service_lines
    from kubectl_liqo_shortcut.commands.delete_leaf import records_of

    if leaf is None:
        records = _records(words, filename, everything, yes, ignore_not_found, access)
    elif words or filename or everything:
        raise Invalid("--leaf cannot be combined with names, -f or --all")
    else:
        found = records_of(cluster_id(leaf), access)
        records = _agreed(found, yes or dry_run == "client")
        if found and not records:
            return
    if dry_run == "client":
        for record in records:
            planned = plan_lines(record, delete_namespaces=delete_namespaces)
            for line in (*service_lines(record, access, timeout), *planned):
                note(line, name_of(record))
            click.echo(f"{resource_name(record)} deleted (dry run)")
        return
    pairs = (pair_of(record).sides for record in records)
    note_connections(access, (side.leaf for sides in pairs for side in sides))
    options = DeleteOptions(timeout=timeout, forget=forget, delete_namespaces=delete_namespaces)
    jobs = {
        name_of(record): functools.partial(delete, record, access, options) for record in records
    }
    try:
        if jobs:
            run_jobs(jobs, timeout, goes_on=True)
    except (ShortcutError, click.exceptions.Exit) as error:
        if leaf and forget and not isinstance(error, Interrupted):
            _tell_remains(leaf, records, access)
        raise
    if leaf and forget:
        _tell_remains(leaf, records, access)


def _tell_remains(leaf: str, records: list[Object], access: ClusterAccess) -> None:
    from kubectl_liqo_shortcut.commands.delete_leaf import remains_of

    for each in remains_of(cluster_id(leaf), records, access):
        note(each, needed=True)


def _records(
    words: tuple[str, ...],
    filename: str | None,
    everything: bool,
    yes: bool,
    ignore_not_found: bool,
    access: ClusterAccess,
) -> list[Object]:
    if everything:
        if words or filename:
            raise Invalid("--all cannot be combined with names or -f")
        return _all(access, yes)
    names = (
        [each.name for each in requests_from(words, filename)] if filename else [link_named(words)]
    )
    records: list[Object] = []
    for name in names:
        try:
            records.append(find(name, access))
        except NotFound:
            if not ignore_not_found:
                raise
    return records


def _all(access: ClusterAccess, yes: bool) -> list[Object]:
    return _agreed(get((), access), yes)


def _agreed(records: list[Object], yes: bool) -> list[Object]:
    """*records*, if somebody agrees to delete them all."""
    if not records:
        note("No shortcuts found.")
    elif not yes:
        if not sys.stdin.isatty():
            raise Invalid("no terminal to confirm it", hint="add --yes")
        names = ", ".join(name_of(record) for record in records)
        if not click.confirm(f"Delete {len(records)} shortcuts ({names})?", err=True):
            return []
    return records
