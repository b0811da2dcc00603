"""Options for the Pods that send packets."""

from __future__ import annotations

import functools
from typing import Any

import click

from kubectl_liqo_shortcut.cli.params.access import Command, with_options
from kubectl_liqo_shortcut.cli.params.types import Label
from kubectl_liqo_shortcut.core.validation import label
from kubectl_liqo_shortcut.core.verify.probe import IMAGE, NAMESPACE, Placement, toleration


def probe_options(command: Command) -> Command:
    """Which image probe Pods run, and where; gives the command ``image`` and ``placement``."""

    @with_options(
        click.option(
            "--image",
            metavar="IMAGE",
            default=IMAGE,
            show_default=f"{IMAGE.partition('@')[0]}, by its digest",
            help="Image of the probe Pods, best by its digest (NAME@sha256:...); "
            "it needs python3 only",
        ),
        click.option(
            "--image-pull-secret",
            "pull_secret",
            metavar="NAME",
            help=f"Secret to pull the image with, in namespace {NAMESPACE} of each leaf",
        ),
        click.option(
            "--node-selector",
            "labels",
            type=Label(),
            multiple=True,
            help="Run probe Pods on nodes with this label (repeatable)",
        ),
        click.option(
            "--toleration",
            "taints",
            metavar="KEY[=VALUE][:EFFECT]",
            multiple=True,
            help="Let probe Pods run on nodes with this taint (repeatable)",
        ),
    )
    @functools.wraps(command)
    def placed(
        pull_secret: str | None,
        labels: tuple[tuple[str, str], ...],
        taints: tuple[str, ...],
        **others: Any,
    ) -> Any:
        placement = Placement(
            node_selector=dict(labels),
            tolerations=[toleration(each) for each in taints],
            pull_secret=label(pull_secret, "--image-pull-secret") if pull_secret else "",
        )
        return command(placement=placement, **others)

    return placed  # type: ignore[return-value]
