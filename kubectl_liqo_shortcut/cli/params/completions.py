"""What may stand at a place of the command line: files, contexts, leaves and shortcuts.

A TAB press is not the place for an error, so whatever goes wrong here means no candidates.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TypeVar

import click
from click.shell_completion import CompletionItem

from kubectl_liqo_shortcut.adapters.access import ClusterAccess
from kubectl_liqo_shortcut.core.model import HUB, Object, name_of

T = TypeVar("T")
Items = list[CompletionItem[str]]

# Two seconds are what a person waits for; Python, the client and kubectl take up to half of one.
_PATIENCE = 1.4


def complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Leave it to the shell to complete a file."""
    return [CompletionItem(incomplete, type="file")]


def complete_folders(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Leave it to the shell to complete a folder."""
    return [CompletionItem(incomplete, type="dir")]


def complete_facts(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """A file, or the word ``none``."""
    word = "none"
    return (
        [CompletionItem(word)]
        if incomplete and word.startswith(incomplete)
        else complete_files(ctx, param, incomplete)
    )


def complete_contexts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Contexts of the kubeconfig in use; no cluster is asked."""
    from kubectl_liqo_shortcut.adapters.kubeconfig import files

    names: list[str] = []
    with contextlib.suppress(Exception):
        names = files.contexts(files.load_kubeconfig(ctx.params.get("kubeconfig")))
    return _items(dict.fromkeys(names, ""), incomplete)


def complete_leaves(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Two different leaves of the hub, as an argument; any number with --mesh or --star."""
    given = ctx.params.get("leaves") or ()
    if len(given) >= 2 and not _is_several(ctx):
        return []
    return _items(_leaves(ctx), incomplete, without=given)


def complete_more_leaves(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """Any leaves of the hub, each once."""
    return _items(_leaves(ctx), incomplete, without=ctx.params.get("leaves") or ())


def complete_servers(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """One of the two leaves named already, or else any leaf of the hub."""
    given = ctx.params.get("leaves") or ()
    return _items(dict.fromkeys(given, "") if len(given) == 2 else _leaves(ctx), incomplete)


def complete_named_leaves(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """One of the leaves named already."""
    return _items(dict.fromkeys(ctx.params.get("leaves") or (), ""), incomplete)


def complete_leaf_assignments(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> Items:
    """``ID=``, for options that say something of one leaf."""
    if "=" in incomplete:
        return []
    named = ctx.params.get("leaves") or ()
    known = dict.fromkeys(named, "") if len(named) == 2 else _leaves(ctx)
    return _items({f"{leaf}=": "" for leaf in known}, incomplete)


def complete_shortcuts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """A shortcut's name, or a leaf that has one; then the other leaf of one of its shortcuts."""
    given = ctx.params.get("words") or ()
    if _is_several(ctx):
        return _items(_leaves(ctx), incomplete, without=given)
    if len(given) >= 2:
        return []
    from kubectl_liqo_shortcut.engine.hub.queries import find_records

    nothing: list[Object] = []
    records = _ask(ctx, lambda access: find_records(access(HUB)), nothing)
    pairs = {name_of(record): _pair(record) for record in records}
    if given:
        peers = {leaf for pair in pairs.values() if given[0] in pair for leaf in pair}
        return _items(dict.fromkeys(sorted(peers), ""), incomplete, without=given)
    names = {name: f"{server} serves {client}" for name, (server, client) in sorted(pairs.items())}
    having = sorted({leaf for pair in pairs.values() for leaf in pair})
    return _items(names | dict.fromkeys(having, "a leaf"), incomplete)


def complete_services(ctx: click.Context, _param: click.Parameter, incomplete: str) -> Items:
    """``NS/NAME`` of a Service that leaves see; with -n, its name."""
    from kubectl_liqo_shortcut.engine.service.inspect import names_of

    nothing: list[tuple[str, str]] = []
    given = ctx.params.get("namespace")
    found = _ask(ctx, lambda access: names_of(access(HUB)), nothing)
    words = [name if given else f"{ns}/{name}" for ns, name in found if given in (None, ns)]
    return _items(dict.fromkeys(words, ""), incomplete)


def _is_several(ctx: click.Context) -> bool:
    return bool(ctx.params.get("mesh") or ctx.params.get("star"))


def _leaves(ctx: click.Context) -> Mapping[str, str]:
    from kubectl_liqo_shortcut.engine.hub.queries import leaves_of

    nothing: list[str] = []
    return dict.fromkeys(_ask(ctx, lambda access: leaves_of(access(HUB)), nothing), "")


def _ask(ctx: click.Context, question: Callable[[ClusterAccess], T], otherwise: T) -> T:
    """The hub's answer, if it comes while a person still waits."""
    from kubectl_liqo_shortcut.cli.params.connect import access_from
    from kubectl_liqo_shortcut.engine.runtime.concurrency import Future

    access = ctx.obj or access_from(ctx.params)
    return Future(lambda: question(access)).within(_PATIENCE, otherwise)


def _pair(record: Object) -> tuple[str, str]:
    spec = record["spec"]
    return str(spec["server"]["clusterID"]), str(spec["client"]["clusterID"])


def _items(words: Mapping[str, str], incomplete: str, without: tuple[str, ...] = ()) -> Items:
    return [
        CompletionItem(word, help=help_ or None)
        for word, help_ in words.items()
        if word.startswith(incomplete) and word not in without
    ]
