from __future__ import annotations

import json
import re

import pytest
import yaml

from kubectl_liqo_shortcut.core.verify.probe import IMAGE
from tests.cli.runner import Clusters, linked, run
from tests.kubelet import HUB_POD, Kubelet, offloaded, status, with_hub
from tests.samples import Golden
from tests.tables import every


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> Clusters:
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123abcd")
    clusters = linked("rome")
    with_hub(clusters)
    Kubelet(clusters)
    clusters.asked.clear()
    return clusters


def kubelet_of(clusters: Clusters) -> Kubelet:
    return Kubelet(clusters)


def test_a_direct_path_is_a_row_for_each_direction(clusters: Clusters, golden: Golden) -> None:
    result = run("verify", "milan", "rome", on=clusters)
    assert result.exit_code == 0
    golden("verify.txt", result.stdout)


@pytest.mark.parametrize("progress", ["plain", "json"])
def test_what_happens_is_told_on_standard_error(clusters: Clusters, progress: str) -> None:
    result = run("verify", "milan", "rome", "--progress", progress, on=clusters)
    assert "verify-0123abcd-server" in result.stderr
    assert "verify-0123abcd-server" not in result.stdout
    assert run("verify", "milan", "rome", "-q", on=clusters).stderr == ""


def test_a_service_has_a_row_for_each_address(clusters: Clusters, golden: Golden) -> None:
    offloaded(clusters, "10.62.0.9", HUB_POD, "10.61.0.9")
    kubelet_of(clusters).mtu = 1280
    result = run("verify", "milan", "rome", "--service", "shop/web", on=clusters)
    assert result.exit_code == 6
    golden("verify-service.txt", result.stdout)
    words = ("verify", "milan", "rome", "--service", "shop/web", "-o", "json")
    document = json.loads(run(*words, on=clusters).stdout)
    assert (document["path"], document["service"]["path"]) == ("via-hub", "via-hub")


def test_a_cut_says_what_to_do_next(clusters: Clusters, golden: Golden) -> None:
    kubelet = kubelet_of(clusters)
    kubelet.ways = {("milan", "rome"): "cut", ("rome", "milan"): "192.0.2.1"}
    result = run("verify", "milan", "rome", on=clusters)
    assert result.exit_code == 7
    golden("verify-cut.txt", result.stdout)


def test_no_link_says_how_to_make_one() -> None:
    result = run("verify", "milan", "rome", on=Clusters("milan", "rome"))
    assert result.exit_code == 7
    assert "-> kubectl liqo-shortcut create milan rome" in result.stdout


def test_an_image_that_is_missing_is_named(clusters: Clusters) -> None:
    said = {"reason": "ErrImagePull", "message": "manifest unknown \x1b[31m"}
    kubelet_of(clusters).says["rome"] = status("waiting", said, phase="Pending")
    result = run("verify", "milan", "rome", on=clusters)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"cluster 'rome': pod/verify-0123abcd-server: image {IMAGE}: ErrImagePull" in (
        result.stderr
    )
    assert "Hint: --image names another image" in result.stderr
    assert "\x1b" not in result.stderr


def test_the_image_is_named_by_its_digest() -> None:
    assert re.fullmatch(r"[a-z./]+:[0-9a-z.-]+@sha256:[0-9a-f]{64}", IMAGE)


def test_an_image_may_be_named_by_its_digest(clusters: Clusters) -> None:
    image = f"registry.example.com/python@sha256:{'0' * 64}"
    result = run("verify", "milan", "rome", "--image", image, "--dry-run", "-o", "yaml")
    containers = [
        manifest["spec"]["containers"][0]
        for document in yaml.safe_load_all(result.stdout)
        for manifest in (*document["manifests"], *document.get("pending", ()))
        if manifest.get("kind") == "Pod"
    ]
    assert [each["image"] for each in containers] == [image] * 4


def test_programs_get_a_document(clusters: Clusters, golden: Golden) -> None:
    offloaded(clusters, "10.62.0.9")
    service = ("--service", "shop/web")
    told = run("verify", "milan", "rome", *service, "-o", "json", on=clusters).stdout
    golden("verify.json", told)
    document = json.loads(told)
    assert (document["kind"], document["path"], document["exitCode"]) == (
        "Verification",
        "direct",
        0,
    )
    same = run("verify", "milan", "rome", *service, "-o", "yaml", on=clusters).stdout
    assert yaml.safe_load(same) == document
    assert (
        json.loads(run("verify", "milan--rome", "-o", "json", on=clusters).stdout)["service"]
        is None
    )


def test_jumbo_frames_are_at_least_so_large(clusters: Clusters) -> None:
    kubelet_of(clusters).mtu = 9200
    assert ">=9200" in run("verify", "milan", "rome", on=clusters).stdout


def test_a_dry_run_prints_the_pods_of_each_leaf_and_asks_nobody(golden: Golden) -> None:
    result = run("verify", "milan", "rome", "--dry-run", "-o", "yaml")
    golden("verify-dry-run.yaml", result.stdout)
    assert len(list(yaml.safe_load_all(result.stdout))) == 2
    told = run("verify", "milan", "rome", "--dry-run").stdout.splitlines()
    assert told[1:3] == [
        "milan: pod/verify-dry-run-server created (dry run)",
        "milan: pod/verify-dry-run-client created (dry run)",
    ]


@every(
    "words",
    [
        (),
        ("milan", "milan"),
        ("milan--rome", "--service", "shop/web"),
        ("milan", "rome", "--service", "web"),
        ("milan", "rome", "--count", "0"),
        ("milan", "rome", "--image", ""),
    ],
    ids=["nothing", "itself", "no caller", "service", "count", "image"],
)
def test_a_wrong_command_line_asks_nobody(words: tuple[str, ...]) -> None:
    assert run("verify", *words).exit_code == 2


def test_probe_pods_run_where_they_are_told_to(clusters: Clusters) -> None:
    words = (
        *("verify", "milan", "rome", "--dry-run", "-o", "yaml"),
        *("--node-selector", "pool=probes", "--image-pull-secret", "registry"),
        *("--toleration", "dedicated=infra:NoSchedule", "--toleration", "spot"),
    )
    result = run(*words, on=clusters)
    assert result.exit_code == 0, result.stderr
    pods = [
        each
        for leaf in yaml.safe_load_all(result.stdout)
        for each in (*leaf["manifests"], *leaf["pending"])
        if each["kind"] == "Pod"
    ]
    assert len(pods) == 4
    for pod in pods:
        assert pod["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "probes"}
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        assert pod["spec"]["tolerations"] == [
            {"key": "dedicated", "operator": "Equal", "value": "infra", "effect": "NoSchedule"},
            {"key": "spot", "operator": "Exists"},
        ]


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        ("--toleration", "=x", "--toleration: '=x' has no key"),
        ("--toleration", "a:Never", "--toleration: 'Never' is none of NoSchedule, "),
        ("--node-selector", "pool", "'pool' is not of the form KEY=VALUE"),
        ("--image-pull-secret", "a/b", "--image-pull-secret"),
    ],
)
def test_nonsense_about_where_they_run_is_refused_before_anybody_is_asked(
    clusters: Clusters, option: str, given: str, said: str
) -> None:
    result = run("verify", "milan", "rome", option, given, on=clusters)
    assert result.exit_code == 2
    assert said in result.stderr
    assert clusters.asked == []
