"""``create --dry-run=client``: prints or writes what ``create`` would make."""

from __future__ import annotations

from typing import Any

import click

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.adapters.templates import read_template
from kubectl_liqo_shortcut.cli.console import note, show
from kubectl_liqo_shortcut.cli.params.access import note_connections
from kubectl_liqo_shortcut.cli.params.common import load_documents
from kubectl_liqo_shortcut.cli.run import sum_up
from kubectl_liqo_shortcut.commands.create_dry_run import DryRun, dry_run
from kubectl_liqo_shortcut.core.link import facts as known
from kubectl_liqo_shortcut.core.link.facts import Facts
from kubectl_liqo_shortcut.core.link.observe import gateway_kind
from kubectl_liqo_shortcut.core.link.render import Renderer
from kubectl_liqo_shortcut.core.link.request import Request
from kubectl_liqo_shortcut.core.model import HUB, Object
from kubectl_liqo_shortcut.errors import ExitCode, Invalid, ShortcutError
from kubectl_liqo_shortcut.output.directory import Written, manifest_file_name, write_folder
from kubectl_liqo_shortcut.output.formats import (
    DocumentFormat,
    OutputFormat,
    format_documents,
    resource_name,
)

_HUB_FOLDER = "hub"


def print_dry_run(
    requests: list[Request],
    access: ClusterAccess,
    output: DocumentFormat | None,
    *,
    only: str | None,
    directory: str | None,
    facts: str | None,
    preflighted: bool = False,
) -> None:
    if only is not None and directory is not None:
        raise Invalid("--for prints one cluster, --output-directory writes all: choose one")
    if output is not None and directory is not None:
        raise Invalid("--output-directory writes YAML: leave -o out")
    renderer, given = Renderer(read_template), _given(facts)
    runs: dict[str, DryRun] = {}
    errors: dict[str, ShortcutError] = {}
    for request in requests:
        try:
            found, record, servers = _facts(request, access, given)
            run = dry_run(
                request, found, record, renderer, preflighted=preflighted, servers=servers
            )
        except ShortcutError as error:
            if len(requests) == 1:
                raise
            show(error, request.name, titled=True)
            errors[request.name] = error
            continue
        note(f"{request.name}: gateway server: {run.shortcut.server} ({run.why})", request.name)
        for each in run.warnings:
            note(each.warning, request.name)
        for wait in run.waits():
            note(wait, request.name)
        runs[request.name] = run
    _print(list(runs.values()), output, only, directory, whole=not errors)
    verbs = {name: run.verb for name, run in runs.items()}
    sum_up(len(requests), verbs, errors, " (dry run)")


def _print(
    runs: list[DryRun],
    output: DocumentFormat | None,
    only: str | None,
    directory: str | None,
    *,
    whole: bool,
) -> None:
    """What there is to print of *runs*; *whole*: no other one failed."""
    if directory is not None:
        if whole:
            _write(runs, directory)
        else:
            note("no folder is written: not all shortcuts can be made")
    elif only is not None:
        documents = _of_one(runs, only)
        click.echo(format_documents(documents, output or OutputFormat.YAML), nl=False)
    elif output is not None:
        documents = [document for run in runs for document in run.documents()]
        click.echo(format_documents(documents, output), nl=False)
    else:
        for run in runs:
            click.echo(f"{resource_name(run.record.body)} {run.verb} (dry run)")


def send_dry_run(
    requests: list[Request],
    access: ClusterAccess,
    output: DocumentFormat | None,
    timeout: float,
    *,
    only: str | None,
    directory: str | None,
) -> None:
    """``--dry-run=server``: the same, and on standard error what all three clusters say to it."""
    from kubectl_liqo_shortcut.cli.preflight import report

    note_connections(access, (leaf for each in requests for leaf in each.pair))
    fine = [report(each, access, timeout, None, send=True, err=True) for each in requests]
    if not all(fine):
        click.get_current_context().exit(ExitCode.REFUSED)
    print_dry_run(
        requests, access, output, only=only, directory=directory, facts=None, preflighted=True
    )


_Known = tuple[Facts, Object | None, dict[str, str]]


def _given(facts: str | None) -> Any:
    """What ``--facts`` gives, read once: a document, the word none, or nothing."""
    if facts is None or facts == "none":
        return facts
    documents = load_documents(facts)
    if len(documents) != 1:
        raise Invalid(f"{facts}: {len(documents)} documents, one is expected")
    known.check_document(documents[0])
    return documents[0] or {}


def _facts(request: Request, access: ClusterAccess, given: Any) -> _Known:
    """What is known, the record there is, and API servers' hosts: as it is *given*, or from the
    hub alone."""
    if given == "none":
        nothing = known.nothing_known(*request.pair)
        return known.with_liqo_in(nothing, access.liqo_namespace_of), None, {}
    if given is not None:
        for leaf in known.silent_about(given, request.pair):
            note(f"{leaf}: the facts name no leaf {leaf}, so nothing is known of it", request.name)
        return known.from_document(given, *request.pair), None, {}
    from kubectl_liqo_shortcut.engine.link.survey import survey_hub

    if not access.has_hub():  # a pipeline that lost its kubeconfig must not stay green
        error = access.no_hub()
        error.hint = f"{error.hint}; to plan by the names alone: --facts none"
        raise error
    hub = access(HUB)
    view = survey_hub(hub, request.pair, crd_needed=False)
    found = known.with_liqo_in(view.facts, access.liqo_namespace_of)
    return found, view.record, {HUB: hub.host}


def _of_one(runs: list[DryRun], cluster: str) -> list[Object]:
    known = dict.fromkeys(name for run in runs for name in run.clusters)
    if cluster not in known:
        raise Invalid(
            f"--for {cluster}: not a cluster of this link",
            hint=f"its clusters are {', '.join(known)}",
        )
    return [each for run in runs if cluster in run.clusters for each in run.plain(cluster)]


def _write(runs: list[DryRun], directory: str) -> None:
    by_cluster: dict[str, list[Object]] = {_HUB_FOLDER: [run.record.body for run in runs]}
    obsolete: dict[str, list[str]] = {}  # gateways of the other role, if roles were swapped
    for run in runs:
        for side in run.shortcut.sides:
            if side.leaf == _HUB_FOLDER:
                raise Invalid(
                    f"a leaf called {side.leaf!r} would share the hub's folder", hint="--for"
                )
            by_cluster.setdefault(side.leaf, []).extend(run.plain(side.leaf))
            swapped = gateway_kind(side.role.other).kind
            obsolete.setdefault(side.leaf, []).append(manifest_file_name(swapped, side.peer))
    for cluster, documents in by_cluster.items():
        if not documents:  # kustomize refuses an empty folder
            note(f"{cluster}: no folder is written: all of its objects wait for what is not known")
            continue
        written = write_folder(directory, cluster, documents, obsolete.get(cluster, ()))
        for path in written.paths:
            click.echo(path)
        _tell_removed(cluster, written)


def _tell_removed(cluster: str, written: Written) -> None:
    """A GitOps tool that prunes takes away what a folder does not list any more."""
    for name in written.removed:
        said = f"{cluster}: {name} is removed, since the roles of its link are swapped"
        if written.now < written.before:
            said += f": the folder lists {written.now} objects, it listed {written.before}"
        note(said, needed=True)
