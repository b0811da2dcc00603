"""Options that several commands share."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import click

from kubectl_liqo_shortcut.cli.console import OutputStyle, keep
from kubectl_liqo_shortcut.cli.params import completions
from kubectl_liqo_shortcut.cli.params.access import Command, with_options
from kubectl_liqo_shortcut.cli.params.connect import access_from as access_from
from kubectl_liqo_shortcut.cli.params.types import Duration
from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.link import pairs
from kubectl_liqo_shortcut.core.link.pairs import Pair
from kubectl_liqo_shortcut.core.model import ClusterID, cluster_id
from kubectl_liqo_shortcut.errors import Invalid
from kubectl_liqo_shortcut.output.formats import OutputFormat

if TYPE_CHECKING:
    from kubectl_liqo_shortcut.core.link.request import Request

timeout_option = click.option(
    "--timeout",
    type=Duration(),
    default="5m",
    show_default=True,
    help="Time for the command, or for each of several shortcuts, such as 90s or 5m",
)


link_argument = click.argument(
    "words", nargs=-1, metavar="LEAF LEAF | NAME", shell_complete=completions.complete_shortcuts
)

headers_option = click.option("--no-headers", is_flag=True, help="No titles above the table")


def dry_run_option(client: str, server: str = "") -> Callable[[Command], Command]:
    """``--dry-run``; without *server* one that asks the API servers for no dry run of theirs."""
    return click.option(
        "--dry-run",
        type=click.Choice(("none", "client", "server") if server else ("none", "client")),
        default="none",
        help=f"client: {client}; "
        + (f"server: {server}; " if server else "")
        + "a bare --dry-run means client",
    )


def output_option(
    formats: object, what: str, default: OutputFormat | None = None
) -> Callable[[Command], Command]:
    """``-o`` with those of the output formats that the literal type *formats* names."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(get_args(formats), case_sensitive=False),
        default=default and default.value,
        show_default=True,
        help=what,
    )


limit_option = click.option(
    "--timeout",
    type=Duration(),
    default="10s",
    show_default=True,
    help="Time for the leaves to answer",
)

progress_options = with_options(
    click.option(
        "--progress",
        "style",
        type=click.Choice(OutputStyle, case_sensitive=False),
        default="auto",
        show_default=True,
        expose_value=False,
        callback=keep,
        help="Progress on standard error: plain: a line for each change; json: an "
        "object a line; auto: a live view on a terminal, else plain",
    ),
    click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=keep,
        help="Show results and errors only",
    ),
)
"""How progress is told: ``say`` knows."""

JSON_EPILOG = """
\b
--progress=json, each line on standard error an object with time, shortcut, type and message:
  type done      cluster, object, kind, namespace, name, verb: what was done to an object
  type seen      cluster, object, kind, namespace, name: what an object says of itself now
  type waits     cluster: what is waited for there from now on ("": nothing any more)
  type note      a sentence for people
  type outcome   verb: the result for the shortcut
  type error     hint, exitCode: why it failed, or (shortcut "") why the command did
"""

wait_option = click.option(
    "--wait",
    type=bool,
    default=True,
    help="Wait until both leaves report Connected; --wait=false: until all objects are made",
)

file_option = click.option(
    "-f",
    "--filename",
    metavar="FILE|-",
    shell_complete=completions.complete_files,
    help="File with one or more Shortcuts, - for standard input",
)


def shape_options(verb: str) -> Callable[[Command], Command]:
    """``--mesh`` and ``--star``; they give the command ``shape``, None where neither is given."""

    def decorate(command: Command) -> Command:
        @with_options(
            click.option(
                "--mesh", is_flag=True, help=f"{verb} the link of each named leaf with each other"
            ),
            click.option(
                "--star",
                is_flag=True,
                help=f"{verb} the links of the first named leaf with each other",
            ),
        )
        @functools.wraps(command)
        def with_shape(*, mesh: bool, star: bool, **params: Any) -> Any:
            if mesh and star:
                raise Invalid(
                    "--mesh and --star contradict each other", hint="leave out one of them"
                )
            return command(shape=pairs.mesh if mesh else pairs.star if star else None, **params)

        return with_shape  # type: ignore[return-value]

    return decorate


Shape = Callable[[Sequence[ClusterID]], list[Pair]] | None
"""What ``shape_options`` give: which pairs several leaves mean."""


def requests_from(
    words: tuple[str, ...],
    filename: str | None,
    *,
    shape: Shape = None,
    server: str | None = None,
    spec: Mapping[str, Any] | None = None,
    annotations: dict[str, str] | None = None,
    renews: bool = False,
) -> list[Request]:
    """What is asked for: leaves on the command line, or the Shortcuts of a file."""
    from kubectl_liqo_shortcut.core.link.request import Request

    if filename is not None:
        if words or spec or server or annotations or shape:
            raise Invalid("with -f, everything about the shortcut stands in the file")
        return _read(filename)
    leaves = [cluster_id(word) for word in words] if shape or len(words) == 2 else []
    wanted = shape(leaves) if shape else [_pair(words, leaves)]
    serving = None if server is None else cluster_id(server)
    if len(wanted) > 1 and serving is not None and serving not in leaves:
        raise Invalid(
            f"the gateway server {serving!r} is none of the leaves",
            hint=f"--gw-server takes one of {', '.join(leaves)}",
        )
    return [
        Request(
            pair=pair,
            server=serving if len(wanted) == 1 or serving in pair else None,
            spec=spec or {},
            annotations=validation.texts(annotations, "annotations"),
            renews=renews,
        )
        for pair in wanted
    ]


def _pair(words: tuple[str, ...], leaves: Sequence[ClusterID]) -> Pair:
    if len(words) == 2:
        return leaves[0], leaves[1]
    hint = "for example milan rome"
    if words and words[-1] in ("client", "server"):
        hint = "the value of --dry-run follows =, as in --dry-run=client"
    elif len(words) > 2 and "mesh" in (context := click.get_current_context()).params:
        command = f"{context.command_path} --mesh {' '.join(words)}"
        hint = f"to link each of them with each other: {command}; the first with each other: --star"
    raise Invalid(f"name two leaves, not {len(words) or 'none'}", hint=hint)


def _read(filename: str) -> list[Request]:
    from kubectl_liqo_shortcut.core.link.request import from_documents

    requests = from_documents(iter(load_documents(filename)))
    if not requests:
        raise Invalid(f"no Shortcut in {filename}")
    return requests


def load_documents(filename: str) -> list[Any]:
    """The YAML documents of a file; ``-`` is standard input."""
    from kubectl_liqo_shortcut.core.documents import LARGEST, NotYaml, Outsized, load

    try:
        if filename == "-":
            return load(sys.stdin.buffer.read(LARGEST + 1), twice=False)
        with open(filename, "rb") as file:
            return load(file.read(LARGEST + 1), twice=False)
    except OSError as error:
        raise Invalid(f"{filename}: {error.strerror}") from error
    except NotYaml as error:
        raise Invalid(f"{filename}: not YAML: {error}") from error
    except Outsized as error:
        raise Invalid(f"{filename}: {error}") from error
