"""Options that click has no type for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import click

from kubectl_liqo_shortcut.cli.params.given import keep_arguments

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


class Duration(click.ParamType[float]):
    """A duration as kubectl takes it: ``90s``, ``5m``, ``1h30m``; also days and weeks."""

    name = "duration"

    def __init__(self, longest: int = 168) -> None:
        self._longest = longest  # hours

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value)
        if re.fullmatch(r"\d+(\.\d+)?", text):
            units = f"{text}s, {text}m, {text}h, {text}d or {text}w"
            self.fail(f"{text!r} has no unit: {units}", param, ctx)
        if not re.fullmatch(f"({_PART.pattern})+", text):
            self.fail(f"{text!r} is not a duration such as 90s, 5m or 2d", param, ctx)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
        if not 0 < seconds <= self._longest * 3600:
            self.fail(f"{text!r} is not between 1ms and {self._longest // 24}d", param, ctx)
        return seconds


class Assignment(click.ParamType[tuple[str, str]]):
    """``ID=VALUE``, split at the first ``=``."""

    name = "ID=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        key, equals, rest = str(value).partition("=")
        if not (key and equals and rest):
            self.fail(f"{value!r} is not of the form {self.name}", param, ctx)
        return key, rest


class Label(Assignment):
    """``KEY=VALUE``, split at the first ``=``."""

    name = "KEY=VALUE"


_BARE = {"--dry-run": "client", "--wait": "true"}


class KubectlCommand(click.Command):
    """Options of kubectl's form: bare, ``--wait`` means true; its value follows ``=`` only."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        keep_arguments(ctx, args)
        if ctx.resilient_parsing and args and self._wants_value(args[-1]):
            args = args[:-1]  # at a TAB press: without its value, click would stop reading there
        return super().parse_args(ctx, list(spelt_out(args)))

    def _wants_value(self, arg: str) -> bool:
        return any(
            isinstance(each, click.Option) and not each.is_flag and arg in each.opts
            for each in self.params
        )


def spelt_out(args: Iterable[str]) -> Iterator[str]:
    """*args* with the values of kubectl's bare options."""
    options = True
    for arg in args:
        options = options and arg != "--"
        yield f"{arg}={_BARE[arg]}" if options and arg in _BARE else arg
