"""Names and values of all kinds, through template and YAML to kubectl: each comes out as itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from kubectl_liqo_shortcut.core.link.shortcut import parse
from kubectl_liqo_shortcut.core.model import Object, cluster_id
from kubectl_liqo_shortcut.output.formats import OutputFormat, format_documents
from tests.core.link.test_render import facts_of
from tests.core.strategies import any_text, cluster_ids, specs
from tests.lab.lab import Lab
from tests.samples import RENDERER

BATCH = 250  # links in one call of kubectl, of nine documents each

Link = tuple[dict[str, Any], str, str]  # a spec, the hub's ID, and why it was made


def links(number: int) -> list[Link]:
    """So many different ones, the same in each run."""
    found: list[Link] = []

    @seed(1)
    @settings(
        max_examples=number,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(specs(), cluster_ids, any_text)
    def draw(spec: dict[str, Any], hub: str, reason: str) -> None:
        found.append((spec, hub, reason))

    draw()
    return found


def documents(link: Link) -> tuple[Object, list[Object]]:
    """The record, and what goes to the leaves."""
    spec, hub, reason = link
    shortcut = parse(spec)
    facts = facts_of(cluster_id(hub), shortcut.server, shortcut.client)
    rendered = RENDERER.link(shortcut, facts)
    record = RENDERER.record(shortcut, {"shortcut.liqo.io/reason": reason}).body
    return record, [each.body for each in rendered.ready]


def read_by_kubectl(lab: Lab, cluster: str, bodies: list[Object]) -> list[Object]:
    """What kubectl makes of our YAML, without the API server's opinion."""
    text = format_documents(bodies, OutputFormat.YAML)
    flags = ("--dry-run=client", "--validate=false", "-o", "json", "-f", "-")
    return list(_stream(lab.kubectl("create", *flags, context=cluster, input=text).stdout))


def _stream(text: str) -> Iterator[Object]:
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        body, at = decoder.raw_decode(text, at)
        yield from body["items"] if body["kind"] == "List" else [body]


def as_json(body: Object) -> Object:
    """With the lists and texts that JSON knows."""
    return json.loads(json.dumps(body))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "number", [250, pytest.param(10_000, marks=pytest.mark.soak("kubeconfigs"))]
)
def test_no_value_changes_its_type_or_leaves_its_field(hub: Lab, number: int) -> None:
    drawn = links(number)
    assert len(drawn) >= number / 2
    for start in range(0, len(drawn), BATCH):
        made = [documents(each) for each in drawn[start : start + BATCH]]
        records = [record for record, _ in made]
        assert read_by_kubectl(hub, "hub", records) == [as_json(each) for each in records]
        bodies = [body for _, of_leaves in made for body in of_leaves]
        assert read_by_kubectl(hub, "leaf-1", bodies) == [as_json(each) for each in bodies]


def test_an_api_server_takes_every_record_as_it_was_meant(hub: Lab) -> None:
    drawn = [documents(each)[0] for each in links(100)]
    text = format_documents(drawn, OutputFormat.YAML)
    flags = ("--dry-run=server", "-o", "json", "-f", "-")
    for sent, kept in zip(
        drawn, _stream(hub.kubectl("create", *flags, input=text).stdout), strict=True
    ):
        assert kept["metadata"]["annotations"] == sent["metadata"]["annotations"]
        assert parse(kept["spec"]) == parse(sent["spec"])
