from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.link.preview import Comparison
from kubectl_liqo_shortcut.core.model import ObjectRef
from kubectl_liqo_shortcut.output.difference import difference_files, object_file_name
from tests.core.strategies import any_text
from tests.samples import an_object

SERVER = ObjectRef("rome", r.GATEWAY_SERVER, "liqo-tenant-milan", "milan")
NAMESPACE = ObjectRef("rome", r.NAMESPACE, "", "liqo-tenant-milan")
BODY: dict[str, Any] = an_object(r.GATEWAY_SERVER, "milan", "liqo-tenant-milan")


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        (SERVER, "rome.networking.liqo.io.v1beta1.GatewayServer.liqo-tenant-milan.milan"),
        (NAMESPACE, "rome.v1.Namespace..liqo-tenant-milan"),
    ],
    ids=["namespaced", "core group"],
)
def test_a_file_is_named_as_kubectl_names_it_after_the_cluster(ref: ObjectRef, name: str) -> None:
    assert object_file_name(ref) == name


@given(any_text)
def test_no_name_leaves_the_folder_or_moves_the_cursor(text: str) -> None:
    name = object_file_name(ObjectRef("rome", r.NAMESPACE, "", text))
    assert name.startswith("rome.v1.Namespace..")
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & {"/", "\\", " "}


def test_what_is_not_there_has_no_file() -> None:
    live, merged = difference_files(
        [Comparison(SERVER, None, BODY), Comparison(NAMESPACE, BODY, None)]
    )
    assert (list(live), list(merged)) == ([object_file_name(NAMESPACE)], [object_file_name(SERVER)])


def test_the_same_object_is_the_same_file() -> None:
    live, merged = difference_files([Comparison(SERVER, BODY, BODY)])
    assert live == merged
    assert yaml.safe_load(live[object_file_name(SERVER)]) == BODY


@given(any_text)
def test_what_a_cluster_sends_moves_no_cursor(text: str) -> None:
    live, _ = difference_files([Comparison(SERVER, {**BODY, "spec": {text: [text]}}, None)])
    shown = live[object_file_name(SERVER)].replace("\n", "")
    assert shown.isascii()
    assert shown.isprintable()
