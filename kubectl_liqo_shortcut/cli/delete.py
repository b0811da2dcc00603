"""``kubectl liqo-shortcut delete``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.cli.console import note, show
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import access_options, note_connections
from kubectl_liqo_shortcut.cli.params.common import (
    JSON_EPILOG,
    Shape,
    dry_run_option,
    file_option,
    link_argument,
    progress_options,
    requests_from,
    shape_options,
    timeout_option,
)
from kubectl_liqo_shortcut.cli.params.types import KubectlCommand
from kubectl_liqo_shortcut.commands.get import NotFound, find, find_each, get, missing
from kubectl_liqo_shortcut.core.events import Verb
from kubectl_liqo_shortcut.core.link.naming import link_named
from kubectl_liqo_shortcut.core.link.shortcut import pair_of
from kubectl_liqo_shortcut.core.model import Object, cluster_id, name_of
from kubectl_liqo_shortcut.errors import Interrupted, Invalid, ShortcutError
from kubectl_liqo_shortcut.output.formats import resource_name

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.events import Tell
    from kubectl_liqo_shortcut.engine.runtime.concurrency import CancelToken
    from kubectl_liqo_shortcut.engine.runtime.jobs import Job

_EPILOG = """\b
Examples:
  # by its leaves, or by its name
  kubectl liqo-shortcut delete milan rome
  kubectl liqo-shortcut delete milan--rome
  # the links of each of three leaves with each other; or of the first with each other
  kubectl liqo-shortcut delete --mesh milan rome paris
  kubectl liqo-shortcut delete --star milan rome paris
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
@shape_options("Delete")
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
    shape: Shape,
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
    from kubectl_liqo_shortcut.commands.delete_leaf import records_of

    found: dict[str, Object | None]
    if leaf is None:
        found = _found(words, filename, shape, everything, yes, access)
    elif words or filename or everything or shape:
        raise Invalid("--leaf cannot be combined with names, -f, --all, --mesh or --star")
    else:
        of_leaf = records_of(cluster_id(leaf), access)
        found = {name_of(each): each for each in _agreed(of_leaf, yes or dry_run == "client")}
        if of_leaf and not found:
            return
    errors: dict[str, ShortcutError] = {}
    if not ignore_not_found:
        errors = {name: missing(name) for name, record in found.items() if record is None}
    records = [record for record in found.values() if record is not None]
    if len(errors) == 1 == len(found):
        raise errors.popitem()[1]
    if dry_run == "client":
        _print_plans(records, errors, access, timeout, delete_namespaces=delete_namespaces)
        return
    pairs = (pair_of(record).sides for record in records)
    note_connections(access, (side.leaf for sides in pairs for side in sides))
    options = DeleteOptions(timeout=timeout, forget=forget, delete_namespaces=delete_namespaces)
    jobs: dict[str, Job] = {
        name_of(record): functools.partial(delete, record, access, options) for record in records
    }
    jobs |= {name: functools.partial(_fail, error) for name, error in errors.items()}
    try:
        if jobs:
            named = not (everything or leaf or ignore_not_found)
            besides = "--ignore-not-found" if named else ""
            run_jobs(jobs, timeout, goes_on=True, besides=besides)
    except (ShortcutError, click.exceptions.Exit) as error:
        if leaf and forget and not isinstance(error, Interrupted):
            _tell_remains(leaf, records, access)
        raise
    if leaf and forget:
        _tell_remains(leaf, records, access)


def _print_plans(
    records: list[Object],
    errors: Mapping[str, ShortcutError],
    access: ClusterAccess,
    timeout: float,
    *,
    delete_namespaces: bool,
) -> None:
    from kubectl_liqo_shortcut.cli.run import sum_up
    from kubectl_liqo_shortcut.commands.delete_dry_run import plan_lines, service_lines

    for name, error in errors.items():
        show(error, name, titled=True)
    for record in records:
        planned = plan_lines(record, delete_namespaces=delete_namespaces)
        for line in (*service_lines(record, access, timeout), *planned):
            note(line, name_of(record))
        click.echo(f"{resource_name(record)} deleted (dry run)")
    verbs = {name_of(record): Verb.DELETED for record in records}
    sum_up(len(records) + len(errors), verbs, errors, " (dry run)")


def _tell_remains(leaf: str, records: list[Object], access: ClusterAccess) -> None:
    from kubectl_liqo_shortcut.commands.delete_leaf import remains_of

    for each in remains_of(cluster_id(leaf), records, access):
        note(each, needed=True)


def _fail(error: ShortcutError, _cancel: CancelToken, _tell: Tell) -> None:
    raise error


def _found(
    words: tuple[str, ...],
    filename: str | None,
    shape: Shape,
    everything: bool,
    yes: bool,
    access: ClusterAccess,
) -> dict[str, Object | None]:
    """The records that are named, by their names; None where there is none."""
    if everything:
        if words or filename or shape:
            raise Invalid("--all cannot be combined with names, -f, --mesh or --star")
        return {name_of(each): each for each in _all(access, yes)}
    if filename or shape:
        requests = requests_from(words, filename, shape=shape)
        return find_each([each.name for each in requests], access)
    try:
        record = find(link_named(words), access, of_leaf=False)  # it would take away too much
    except NotFound:
        return {link_named(words): None}
    return {name_of(record): record}


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
