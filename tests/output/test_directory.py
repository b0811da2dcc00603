from __future__ import annotations

import pathlib

import pytest
import yaml

from kubectl_liqo_shortcut.errors import ShortcutError
from kubectl_liqo_shortcut.output.directory import write_folder
from tests.samples import FACTS, MILAN, RENDERER, SHORTCUT

DOCUMENTS = [each.body for each in RENDERER.link(SHORTCUT, FACTS).of(MILAN).ready]
FILES = [
    "namespace-liqo-tenant-rome.yaml",
    "configuration-rome.yaml",
    "gatewayclient-rome.yaml",
    "publickey-rome.yaml",
]


def write(directory: pathlib.Path) -> list[str]:
    return write_folder(str(directory), "milan", DOCUMENTS).paths


def test_each_object_has_a_file_of_its_own(tmp_path: pathlib.Path) -> None:
    write(tmp_path)
    read = [yaml.safe_load((tmp_path / "milan" / name).read_text()) for name in FILES]
    assert read == DOCUMENTS


def test_a_kustomization_names_all_files(tmp_path: pathlib.Path) -> None:
    write(tmp_path)
    assert yaml.safe_load((tmp_path / "milan/kustomization.yaml").read_text()) == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": FILES,
    }


def test_the_paths_written_are_told(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "milan"
    assert write(tmp_path) == [str(folder / name) for name in (*FILES, "kustomization.yaml")]


def test_nothing_else_is_left_behind(tmp_path: pathlib.Path) -> None:
    write(tmp_path)
    names = sorted(path.name for path in (tmp_path / "milan").iterdir())
    assert names == sorted([*FILES, "kustomization.yaml"])


def test_writing_again_replaces_and_leaves_other_files_alone(tmp_path: pathlib.Path) -> None:
    write(tmp_path)
    (tmp_path / "milan" / FILES[0]).write_text("old")
    (tmp_path / "milan" / "mine.yaml").write_text("mine")
    write(tmp_path)
    assert yaml.safe_load((tmp_path / "milan" / FILES[0]).read_text()) == DOCUMENTS[0]
    assert (tmp_path / "milan" / "mine.yaml").read_text() == "mine"


def test_an_obsolete_file_of_ours_goes_and_another_one_stays(tmp_path: pathlib.Path) -> None:
    write(tmp_path)
    (tmp_path / "milan" / "publickey-oslo.yaml").write_text("mine")
    obsolete = ["gatewayclient-rome.yaml", "publickey-oslo.yaml", "never-there.yaml"]
    others = [each for each in DOCUMENTS if each["kind"] != "GatewayClient"]
    written = write_folder(str(tmp_path), "milan", others, obsolete)
    assert (written.removed, written.before, written.now) == (["gatewayclient-rome.yaml"], 4, 3)
    assert not (tmp_path / "milan" / "gatewayclient-rome.yaml").exists()
    assert (tmp_path / "milan" / "publickey-oslo.yaml").exists()
    listed = yaml.safe_load((tmp_path / "milan/kustomization.yaml").read_text())["resources"]
    assert "gatewayclient-rome.yaml" not in listed


def test_a_folder_that_cannot_be_made_is_an_error_with_its_path(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ShortcutError, match=r"^cannot write .*/file: Not a directory$"):
        write(tmp_path / "file")


def test_a_file_that_cannot_be_replaced_is_an_error_with_its_path(tmp_path: pathlib.Path) -> None:
    (tmp_path / "milan" / FILES[1]).mkdir(parents=True)
    with pytest.raises(ShortcutError, match=rf"^cannot write .*{FILES[1]}"):
        write(tmp_path)


def test_a_folder_that_two_links_share_lists_both(tmp_path: pathlib.Path) -> None:
    for name in ("milan", "oslo", "milan"):
        write_folder(str(tmp_path), "rome", [{"kind": "Configuration", "metadata": {"name": name}}])
    kustomization = yaml.safe_load((tmp_path / "rome/kustomization.yaml").read_text())
    assert sorted(kustomization["resources"]) == [
        "configuration-milan.yaml",
        "configuration-oslo.yaml",
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("namePrefix: a-", "- a", "{"),
        "resources: [a.yaml]\nresources: [b.yaml]",
        *("resources: a.yaml", "resources: [1]"),
    ],
    ids=["fields", "list", "no YAML", "twice", "text", "number"],
)
def test_a_kustomization_that_is_not_as_we_write_it_is_not_touched(
    tmp_path: pathlib.Path, text: str
) -> None:
    (tmp_path / "rome").mkdir()
    theirs = tmp_path / "rome/kustomization.yaml"
    theirs.write_text(text)
    with pytest.raises(ShortcutError, match=r"kustomization\.yaml"):
        write_folder(str(tmp_path), "rome", [{"kind": "Namespace", "metadata": {"name": "a"}}])
    assert theirs.read_text() == text
