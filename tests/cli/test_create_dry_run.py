from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.model import HUB
from kubectl_liqo_shortcut.errors import ExitCode
from tests.cli.runner import Clusters, run
from tests.samples import LAUGHS, Golden, public_key, record_of, spec_of
from tests.tables import every

FACTS = f"""\
apiVersion: shortcut.liqo.io/v1alpha1
kind: LeafFacts
hub: torino
leaves:
  milan:
    podCIDR: 10.61.0.0/16
    externalCIDR: 10.171.0.0/16
    gateways:
      rome: {{publicKey: "{public_key("milan")}"}}
  rome:
    podCIDR: 10.62.0.0/16
    externalCIDR: 10.172.0.0/16
    servesHub: true
    gateways:
      milan:
        endpoint: {{address: 203.0.113.2, port: 51840}}
        publicKey: "{public_key("rome")}"
"""


@pytest.fixture
def clusters() -> Clusters:
    return Clusters("milan", "rome")


@pytest.fixture
def facts(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS)
    return str(path)


def test_the_whole_link_is_shown_as_far_as_the_hub_knows_it(
    clusters: Clusters, golden: Golden
) -> None:
    result = run("create", "milan", "rome", "--dry-run=client", "-o", "yaml", on=clusters)
    golden("create-dry-run.yaml", result.stdout)


def test_what_waits_for_which_fact_is_told_beside_it(clusters: Clusters, golden: Golden) -> None:
    result = run("create", "milan", "rome", "--dry-run=client", "-o", "yaml", on=clusters)
    golden("create-dry-run.stderr.txt", result.stderr)


def test_with_a_file_of_facts_nothing_waits_and_nobody_is_asked(facts: str, golden: Golden) -> None:
    result = run("create", "milan", "rome", "--dry-run=client", "-o", "yaml", "--facts", facts)
    golden("create-dry-run-facts.yaml", result.stdout)


def test_every_option_is_in_the_manifests(golden: Golden) -> None:
    result = run(
        *("create", "milan", "rome", "--dry-run=client", "--facts", "none", "-o", "yaml"),
        *("--gw-server", "rome", "--gw-server-service-type", "NodePort"),
        *("--gw-server-service-port", "51841", "--gw-server-service-nodeport", "30000"),
        *("--gw-client-address", "198.51.100.9", "--gw-client-port", "4500", "--mtu", "1400"),
        *("--gw-server-template-name", "s", "--gw-server-template-namespace", "sns"),
        *("--gw-client-template-name", "c", "--gw-client-template-namespace", "cns"),
        *("--reason", "latency: {{ 3 }} ms\n---"),
    )
    golden("create-dry-run-options.yaml", result.stdout)


def test_one_clusters_documents_are_plain(facts: str, golden: Golden) -> None:
    result = run("create", "milan", "rome", "--dry-run", "--facts", facts, "--for", "rome")
    golden("create-dry-run-for-rome.yaml", result.stdout)


def test_nothing_is_changed(clusters: Clusters) -> None:
    run("create", "milan", "rome", "--dry-run", "-o", "yaml", on=clusters)
    assert clusters.written == []


def test_the_leaves_are_not_asked(clusters: Clusters) -> None:
    run("create", "milan", "rome", "--dry-run", on=clusters)
    assert {cluster for cluster, *_ in clusters.asked} == {HUB}


def test_no_leafs_document_stands_by_itself() -> None:
    result = run("create", "milan", "rome", "--dry-run", "--facts", "none", "-o", "yaml")
    kinds = [document["kind"] for document in yaml.safe_load_all(result.stdout)]
    assert kinds == ["Shortcut", "LeafManifests", "LeafManifests"]


def test_json_is_one_list() -> None:
    options = ("--dry-run", "--facts", "none", "-o", "json")
    whole = json.loads(run("create", "milan", "rome", *options).stdout)
    assert [each["kind"] for each in whole["items"]] == [
        "Shortcut",
        "LeafManifests",
        "LeafManifests",
    ]


def test_without_a_format_only_the_result_is_told() -> None:
    result = run("create", "milan", "rome", "--dry-run", "--facts", "none")
    assert result.stdout == "shortcut.shortcut.liqo.io/milan--rome created (dry run)\n"


@pytest.mark.parametrize("output", [(), ("-o", "yaml"), ("--for", "rome")], ids=" ".join)
def test_a_pipeline_that_lost_its_kubeconfig_does_not_stay_green(output: tuple[str, ...]) -> None:
    result = run("create", "milan", "rome", "--dry-run", *output)
    assert (result.exit_code, result.stdout) == (ExitCode.FAILED, "")
    assert result.stderr.endswith("; to plan by the names alone: --facts none\n")


def test_a_folder_is_left_as_it_is_where_the_kubeconfig_is_lost(tmp_path: pathlib.Path) -> None:
    out = ("--dry-run", "--output-directory", str(tmp_path / "out"))
    assert run("create", "milan", "rome", *out).exit_code == ExitCode.FAILED
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("flag", ["--dry-run", "--dry-run=client"])
def test_a_bare_dry_run_means_client_and_eats_no_word(flag: str) -> None:
    result = run("create", flag, "milan", "rome", "--facts", "none")
    assert (result.exit_code, "created (dry run)" in result.stdout) == (0, True)


@pytest.mark.parametrize("value", ["yes", ""])
def test_there_is_no_other_dry_run(value: str) -> None:
    assert run("create", "milan", "rome", f"--dry-run={value}").exit_code == 2


def test_the_hub_need_not_have_the_kind_yet(clusters: Clusters) -> None:
    clusters.hub.not_served.add(r.SHORTCUT)
    assert run("create", "milan", "rome", "--dry-run", on=clusters).exit_code == 0


def test_a_record_that_says_otherwise_is_refused_as_in_the_real_run(clusters: Clusters) -> None:
    clusters.hub.put(record_of(spec=spec_of(gateway={"mtu": 1340})))
    result = run("create", "milan", "rome", "--mtu", "1400", "--dry-run", on=clusters)
    assert (result.exit_code, "differs in spec.gateway.mtu" in result.stderr) == (4, True)


def test_a_leaf_that_the_hub_does_not_know_is_refused(clusters: Clusters) -> None:
    result = run("create", "milan", "paris", "--dry-run", on=clusters)
    assert result.exit_code == 4
    assert result.stderr.splitlines() == [
        "Error: 'paris' is not a leaf of this hub: the hub has no Configuration for it",
        "Hint: leaves of this hub: milan, rome",
    ]


def plain(facts: str, cluster: str) -> list[tuple[str, str]]:
    result = run("create", "milan", "rome", "--dry-run", "--facts", facts, "--for", cluster)
    assert result.exit_code == 0, result.stderr
    documents: list[Any] = list(yaml.safe_load_all(result.stdout))
    return [(each["kind"], each["metadata"]["name"]) for each in documents]


def test_the_hubs_plain_document_is_the_record(facts: str) -> None:
    assert plain(facts, "torino") == [("Shortcut", "milan--rome")]


def test_where_the_hubs_id_is_not_known_it_is_called_hub() -> None:
    options = ("--dry-run", "--facts", "none", "--for", "hub", "-o", "name")
    result = run("create", "milan", "rome", *options)
    assert result.stdout == "shortcut.shortcut.liqo.io/milan--rome\n"


def test_what_waits_for_a_fact_is_no_plain_document() -> None:
    result = run("create", "milan", "rome", "--dry-run", "--facts", "none", "--for", "rome")
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_cluster_of_another_link_has_no_documents(facts: str) -> None:
    result = run("create", "milan", "rome", "--dry-run", "--facts", facts, "--for", "paris")
    assert result.exit_code == 2
    assert "Hint: its clusters are rome, milan, torino" in result.stderr


def test_a_folder_is_written_for_each_cluster(facts: str, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "link"
    result = run(
        *("create", "milan", "rome", "--dry-run", "--facts", facts),
        *("--output-directory", str(out)),
    )
    written = [str(pathlib.Path(line).relative_to(out)) for line in result.stdout.splitlines()]
    assert written == [
        "hub/shortcut-milan--rome.yaml",
        "hub/kustomization.yaml",
        "rome/namespace-liqo-tenant-milan.yaml",
        "rome/configuration-milan.yaml",
        "rome/gatewayserver-milan.yaml",
        "rome/publickey-milan.yaml",
        "rome/kustomization.yaml",
        "milan/namespace-liqo-tenant-rome.yaml",
        "milan/configuration-rome.yaml",
        "milan/gatewayclient-rome.yaml",
        "milan/publickey-rome.yaml",
        "milan/kustomization.yaml",
    ]


def test_several_links_of_one_leaf_share_its_folder(tmp_path: pathlib.Path) -> None:
    both = [record_of(), record_of("milan--paris", spec=spec_of("paris"))]
    file = tmp_path / "both.yaml"
    file.write_text(yaml.safe_dump_all(both))
    out = ("--dry-run", "--facts", "none", "--output-directory", str(tmp_path / "out"))
    run("create", "-f", str(file), *out)
    kustomization = yaml.safe_load((tmp_path / "out/hub/kustomization.yaml").read_text())
    assert kustomization["resources"] == [
        "shortcut-milan--rome.yaml",
        "shortcut-milan--paris.yaml",
    ]


def test_swapped_roles_leave_no_gateway_of_the_other_role(
    facts: str, tmp_path: pathlib.Path
) -> None:
    out = ("--dry-run", "--facts", facts, "--output-directory", str(tmp_path))
    for server in ("rome", "milan"):
        result = run("create", "milan", "rome", "--gw-server", server, *out)
        assert result.exit_code == 0
        assert ("is removed" in result.stderr) is (server == "milan")
    assert "rome: gatewayserver-milan.yaml is removed, since the roles" in result.stderr
    assert not (tmp_path / "rome" / "gatewayserver-milan.yaml").exists()
    assert (tmp_path / "milan" / "gatewayserver-rome.yaml").exists()


def test_a_folder_with_fewer_objects_than_before_is_told_of_even_if_quiet(
    facts: str, tmp_path: pathlib.Path
) -> None:
    out = ("--dry-run", "-q", "--output-directory", str(tmp_path / "out"), "--gw-server")
    run("create", "milan", "rome", *out, "rome", "--facts", facts)
    fewer = yaml.safe_load(pathlib.Path(facts).read_text())
    for leaf in fewer["leaves"].values():
        leaf.pop("gateways", None)
    pathlib.Path(facts).write_text(yaml.safe_dump(fewer))
    told = run("create", "milan", "rome", *out, "milan", "--facts", facts).stderr.splitlines()
    assert told == [
        "milan: gatewayclient-rome.yaml is removed, since the roles of its link are swapped",
        "rome: gatewayserver-milan.yaml is removed, since the roles of its link are swapped: "
        "the folder lists 3 objects, it listed 4",
    ]


def test_a_leaf_that_the_facts_do_not_name_is_told(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "facts.yaml"
    head = "{apiVersion: shortcut.liqo.io/v1alpha1, kind: LeafFacts, leaves: {milan: {}, rmoe: {}}}"
    file.write_text(head)
    options = ("--dry-run", "--gw-server", "milan", "--facts", str(file))
    result = run("create", "milan", "rome", *options)
    assert "rome: the facts name no leaf rome, so nothing is known of it" in result.stderr
    assert "milan: the facts" not in result.stderr


def test_a_key_twice_in_the_facts_is_refused(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("apiVersion: shortcut.liqo.io/v1alpha1\nkind: LeafFacts\nkind: LeafFacts\n")
    result = run("create", "milan", "rome", "--dry-run", "--facts", str(file))
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert "line 3: 'kind' stands twice in one mapping" in result.stderr


def test_a_folder_that_is_not_written_is_told_of(tmp_path: pathlib.Path) -> None:
    out = ("--dry-run", "--facts", "none", "--output-directory", str(tmp_path))
    told = run("create", "milan", "rome", *out).stderr
    assert "milan: no folder is written: all of its objects wait for what is not known" in told


def test_a_value_of_dry_run_after_a_space_is_explained() -> None:
    told = run("create", "milan", "rome", "--dry-run", "client").stderr
    assert "Hint: the value of --dry-run follows =, as in --dry-run=client" in told


def test_a_leaf_called_hub_is_refused_rather_than_mixed_with_the_hub(
    tmp_path: pathlib.Path,
) -> None:
    out = tmp_path / "link"
    options = ("--dry-run", "--facts", "none", "--output-directory", str(out))
    result = run("create", "hub", "rome", *options)
    assert (result.exit_code, out.exists()) == (2, False)


@every(
    ("args", "said"),
    [
        (("--for", "rome"), "--for requires --dry-run=client"),
        (("--output-directory", "x"), "--output-directory requires --dry-run=client"),
        (("--facts", "none"), "--facts requires --dry-run=client"),
        (("--dry-run", "--for", "rome", "--output-directory", "x"), "choose one"),
        (("--dry-run", "--facts", "nowhere"), "nowhere: No such file or directory"),
    ],
    ids=["for", "directory", "facts", "for and directory", "no such file"],
)
def test_options_that_do_not_fit_are_refused(args: tuple[str, ...], said: str) -> None:
    result = run("create", "milan", "rome", *args)
    assert (result.exit_code, said in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FACTS + "---\n" + FACTS, "2 documents, one is expected"),
        ("", "0 documents, one is expected"),
        ("a: [", "not YAML"),
        ("kind: LeafFacts", "facts: not a LeafFacts of"),
        (LAUGHS, "facts.yaml: it has too many parts, aliases written out"),
    ],
    ids=["two", "none", "no YAML", "another kind", "aliases"],
)
def test_a_bad_file_of_facts_is_refused(tmp_path: pathlib.Path, text: str, said: str) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text(text)
    result = run("create", "milan", "rome", "--dry-run", "--facts", str(path))
    assert (result.exit_code, said in result.stderr) == (2, True)


@pytest.fixture
def behind_nat(tmp_path: pathlib.Path) -> str:
    """Facts that say of milan that it does not serve the hub."""
    path = tmp_path / "behind-nat.yaml"
    path.write_text(FACTS.replace("    podCIDR: 10.61", "    servesHub: false\n    podCIDR: 10.61"))
    return str(path)


def test_a_leaf_behind_nat_does_not_serve_in_a_dry_run_either(behind_nat: str) -> None:
    dry = ("create", "milan", "rome", "--dry-run", "--facts", behind_nat)
    assert run(*dry).exit_code == 0
    refused = run(*dry, "--gw-server", "milan")
    assert (refused.exit_code, refused.stdout) == (ExitCode.REFUSED, "")
    assert "Hint: let rome be the server: --gw-server rome" in refused.stderr


def test_a_server_that_may_be_behind_nat_is_told_in_a_dry_run(
    behind_nat: str, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "both-behind-nat.yaml"
    path.write_text(pathlib.Path(behind_nat).read_text().replace("servesHub: true", ""))
    dry = ("create", "milan", "rome", "--dry-run", "--facts", str(path), "--gw-server", "milan")
    told = run(*dry)
    assert told.exit_code == 0
    assert "warning: milan: milan is not known to be reachable from outside" in told.stderr
    assert "(ServerUnknown)" in told.stderr


def test_a_record_that_is_there_is_rendered_whoever_serves_the_hub(clusters: Clusters) -> None:
    clusters.hub.put(record_of(spec=spec_of("milan", "rome")))
    for ref in list(clusters.hub.objects):
        if ref.kind == r.GATEWAY_CLIENT and ref.name == "milan":
            clusters.hub.drop(ref)
    told = run("create", "milan", "rome", "--dry-run", "--gw-server", "milan", on=clusters)
    assert (told.exit_code, "ServerBehindNAT" in told.stderr) == (0, False)


DRY = ("create", "milan", "rome", "--dry-run=client", "-o", "yaml")


@pytest.mark.parametrize(
    ("cidr", "options", "said"),
    [
        ("127.0.0.0/8", (), "its Pod CIDR 127.0.0.0/8 holds loopback addresses"),
        ("0.0.0.0/0", (), "its Pod CIDR 0.0.0.0/0 is larger than any network of one cluster"),
        ("203.0.0.0/8", (), "holds 203.0.113.2, the endpoint of rome's gateway"),
        (
            "10.9.0.0/16",
            ("--gw-client-address", "10.9.0.1"),
            "holds 10.9.0.1, the address that milan's gateway dials",
        ),
    ],
)
def test_a_network_that_must_not_be_routed_is_refused_from_a_file_of_facts(
    tmp_path: pathlib.Path, cidr: str, options: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS.replace("10.61.0.0/16", cidr))
    result = run(*DRY, "--facts", str(path), *options)
    assert (result.exit_code, result.stdout) == (ExitCode.REFUSED, "")
    assert said in result.stderr


def test_a_network_with_the_hubs_api_server_in_it_is_refused_where_the_hub_is_asked(
    clusters: Clusters,
) -> None:
    clusters.hub.host = "10.61.0.1"
    result = run(*DRY, on=clusters)
    assert (result.exit_code, result.stdout) == (ExitCode.REFUSED, "")
    assert "its Pod CIDR 10.61.0.0/16 holds 10.61.0.1, the API server of the hub" in result.stderr


def test_public_addresses_are_warned_of_in_a_dry_run(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS.replace("10.61.0.0/16", "8.8.8.0/24"))
    result = run(*DRY, "--facts", str(path))
    assert result.exit_code == ExitCode.OK
    assert "warning: milan: its Pod CIDR 8.8.8.0/24 has addresses of the Internet" in result.stderr


def with_tenant(facts: str, name: str) -> str:
    """The file of facts, in which rome's tenant namespace for milan has that name."""
    path = pathlib.Path(facts)
    path.write_text(
        FACTS.replace("      milan:\n", f"      milan:\n        tenantNamespace: {name}\n")
    )
    return facts


def namespaces(output: str) -> tuple[Any, set[str]]:
    """What the record names, and where the link objects on rome are."""
    record, *leaves = yaml.safe_load_all(output)
    (rome,) = (each["manifests"] for each in leaves if each["cluster"] == "rome")
    places = {each["metadata"].get("namespace", each["metadata"]["name"]) for each in rome}
    return record["spec"].get("tenantNamespaces"), places


def test_a_tenant_namespace_in_the_facts_is_named_in_the_record(facts: str) -> None:
    result = run(*DRY, "--facts", with_tenant(facts, "jane"))
    assert namespaces(result.stdout) == ({"rome": "jane"}, {"jane"})


@pytest.mark.parametrize("known", ["jane", "liqo-tenant-milan"])
def test_a_tenant_namespace_that_is_named_is_where_the_link_goes(facts: str, known: str) -> None:
    option = ("--tenant-namespace", "rome=jane")
    result = run(*DRY, "--facts", with_tenant(facts, known), *option)
    assert namespaces(result.stdout) == ({"rome": "jane"}, {"jane"})


def test_the_name_that_liqo_gives_is_not_in_the_record(facts: str) -> None:
    result = run(*DRY, "--facts", with_tenant(facts, "liqo-tenant-milan"))
    assert namespaces(result.stdout) == (None, {"liqo-tenant-milan"})


def test_facts_and_options_that_name_two_are_a_contradiction(facts: str) -> None:
    option = ("--tenant-namespace", "rome=joe")
    result = run(*DRY, "--facts", with_tenant(facts, "jane"), *option)
    assert result.exit_code == ExitCode.USAGE
    assert "'rome': its tenant namespace is 'jane' in the facts, but 'joe'" in result.stderr


def test_a_file_may_name_tenant_namespaces(facts: str) -> None:
    body = record_of(spec=spec_of(tenantNamespaces={"rome": "jane"}))
    result = run(
        *("create", "-f", "-", "--dry-run=client", "-o", "yaml", "--facts", facts),
        stdin=json.dumps(body),
    )
    assert namespaces(result.stdout) == ({"rome": "jane"}, {"jane"})


@pytest.mark.parametrize(
    ("named", "said"),
    [("oslo=jane", "unknown field 'oslo'"), ("rome=A b", "rome: 'A b' is no name of a namespace")],
)
def test_what_is_no_name_for_a_leaf_of_the_pair_is_refused(
    facts: str, named: str, said: str
) -> None:
    result = run(*DRY, "--facts", facts, "--tenant-namespace", named)
    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr
