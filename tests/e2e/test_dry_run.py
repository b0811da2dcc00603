"""Everything can be printed first, kept in git, and applied by kubectl alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.plugin import PAIR, connections, plugin, snapshots, succeed
from tests.lab.kube import CORE, NETWORKING, path, wait_for
from tests.lab.lab import Lab


def test_a_dry_run_changes_nothing_anywhere(hub: Lab) -> None:
    before = {name: hub.snapshot(name) for name in hub.clusters}
    succeed(hub, "create", *PAIR, "--dry-run", "-o", "yaml")
    assert {name: hub.snapshot(name) for name in hub.clusters} == before


def test_the_whole_link_piped_into_kubectl_on_the_hub_changes_no_object_of_liqo(hub: Lab) -> None:
    """A leaf's GatewayClient may have the name and namespace of the hub's own gateway."""
    before = hub.snapshot("hub")
    stream = succeed(hub, "create", *PAIR, "--dry-run=client", "-o", "yaml")
    assert "kind: GatewayServer" in stream
    done = hub.kubectl("apply", "-f", "-", input=stream, check=False)
    assert done.returncode != 0
    assert 'no matches for kind "LeafManifests"' in done.stderr
    after = {url: body for url, body in hub.snapshot("hub").items() if "/shortcuts/" not in url}
    assert after == before


@pytest.mark.usefixtures("pristine")
def test_the_dry_run_prints_what_create_makes(hub: Lab) -> None:
    """One renderer for both: each manifest that was ready stands in the cluster, field by field."""
    printed = json.loads(succeed(hub, "create", *PAIR, "--dry-run=client", "-o", "json"))
    succeed(hub, "create", *PAIR)
    for leaf in printed["items"][1:]:
        kube = hub.clusters[leaf["cluster"]].kube
        assert leaf["manifests"]
        for manifest in leaf["manifests"]:
            metadata = manifest["metadata"]
            plural = (
                "namespaces" if manifest["kind"] == "Namespace" else f"{manifest['kind'].lower()}s"
            )
            group = CORE if manifest["kind"] == "Namespace" else NETWORKING
            made = kube.get(path(group, plural, metadata.get("namespace", ""), metadata["name"]))
            assert covers(made, manifest), manifest["kind"]


@pytest.mark.usefixtures("pristine")
def test_folders_applied_by_kubectl_alone_reach_connected(hub: Lab, tmp_path: Path) -> None:
    folder, facts_file = tmp_path / "link", tmp_path / "facts.yaml"
    facts = facts_of(hub)
    facts_file.write_text(yaml.safe_dump(facts))
    options = ("--dry-run=client", "--facts", str(facts_file), "--output-directory", str(folder))

    done = plugin(hub, "create", *PAIR, *options)
    assert (
        "leaf-2: gatewayclient/leaf-1 not rendered, not known yet: endpoint of leaf-1's gateway"
        in done.stderr
    )
    apply(hub, folder)

    endpoint, key = wait_for(lambda: gateway_of(hub, "leaf-1", "leaf-2"), 30, "endpoint and key")
    facts["leaves"]["leaf-1"]["gateways"] = {
        "leaf-2": {
            "endpoint": {"address": endpoint["addresses"][0], "port": endpoint["port"]},
            "publicKey": key,
        }
    }
    facts_file.write_text(yaml.safe_dump(facts))
    plugin(hub, "create", *PAIR, *options)
    apply(hub, folder)

    _, key = wait_for(lambda: gateway_of(hub, "leaf-2", "leaf-1"), 30, "the client's key")
    facts["leaves"]["leaf-2"]["gateways"] = {"leaf-1": {"publicKey": key}}
    facts_file.write_text(yaml.safe_dump(facts))
    done = plugin(hub, "create", *PAIR, *options)
    assert "not rendered" not in done.stderr
    apply(hub, folder)

    both = {"leaf-1": "Connected", "leaf-2": "Connected"}
    wait_for(lambda: connections(hub) == both, 60, "both Connected")
    # What git made is git's: the record, when it comes, says so.
    record = json.loads(succeed(hub, "create", *PAIR, "-o", "json"))
    assert {each["ownership"] for each in record["status"]["objects"]} == {"Reused"}


def test_one_clusters_documents_are_plain_and_apply_there(hub: Lab) -> None:
    text = succeed(hub, "create", *PAIR, "--dry-run=client", "--for", "leaf-1")
    kinds = [document["kind"] for document in yaml.safe_load_all(text)]
    assert kinds == ["Namespace", "Configuration", "GatewayServer"]
    hub.kubectl("apply", "--dry-run=client", "-f", "-", context="leaf-1", input=text)


def test_a_shortcut_kept_in_git_is_made_from_a_file(hub: Lab, tmp_path: Path) -> None:
    text = succeed(hub, "create", *PAIR, "--dry-run=client", "--for", "hub")
    file = tmp_path / "shortcut.yaml"
    file.write_text(text)
    assert succeed(hub, "create", "-f", str(file)).endswith("leaf-1--leaf-2 created\n")
    before = snapshots(hub)
    assert succeed(hub, "create", "-f", "-", input=text).endswith("leaf-1--leaf-2 unchanged\n")
    assert snapshots(hub) == before


def test_the_crd_that_is_printed_is_the_one_that_is_installed(hub: Lab) -> None:
    diff = ("diff", "--server-side", "--field-manager=liqo-shortcut", "-f", "-")
    done = hub.kubectl(*diff, input=succeed(hub, "crd", "print"), check=False)
    assert (done.returncode, done.stdout) == (0, "")


def facts_of(lab: Lab) -> dict[str, Any]:
    """The facts file that needs no cluster but the hub's own knowledge."""
    return {
        "apiVersion": "shortcut.liqo.io/v1alpha1",
        "kind": "LeafFacts",
        "hub": "hub",
        "leaves": {
            leaf: {
                "podCIDR": lab.clusters[leaf].spec.pod_cidr,
                "externalCIDR": lab.clusters[leaf].spec.external_cidr,
                "servesHub": True,
            }
            for leaf in PAIR
        },
    }


def gateway_of(lab: Lab, leaf: str, peer: str) -> tuple[dict[str, Any], str] | None:
    """The endpoint (empty for a client) and the public key of a gateway, once it has them."""
    kube, namespace = lab.clusters[leaf].kube, f"liqo-tenant-{peer}"
    secret = kube.find(path(CORE, "secrets", namespace, f"gw-{peer}"))
    servers = kube.list(path(NETWORKING, "gatewayservers", namespace))
    endpoint = (servers[0].get("status") or {}).get("endpoint") or {} if servers else {}
    if secret is None or (servers and not endpoint.get("addresses")):
        return None
    return endpoint, secret["data"]["publicKey"]


def apply(lab: Lab, folder: Path) -> None:
    for leaf in PAIR:
        lab.kubectl("apply", "-k", str(folder / leaf), context=leaf)


def covers(observed: Any, desired: Any) -> bool:
    if isinstance(desired, dict):
        return all(covers(observed.get(key), value) for key, value in desired.items())
    return bool(observed == desired)
