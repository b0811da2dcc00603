"""Everything an API server holds, in a form that can be compared before and after."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import re

from tests.lab.kube import CORE, CRDS, ApiError, Kube, Object

Snapshot = dict[str, Object]
"""From an object's path to its body without what changes by itself."""

_NOISE = {
    ("", "events"),
    ("events.k8s.io", "events"),
    ("", "componentstatuses"),
    ("coordination.k8s.io", "leases"),
    ("apiregistration.k8s.io", "apiservices"),  # follow from the CRDs
}
_VOLATILE = {"resourceVersion", "managedFields", "generation"}
"""(Liqo puts a link's routes into shared objects and takes them out: two generations later.)"""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGESTED = 20_000  # characters; nobody reads a difference in more


def take(kube: Kube) -> Snapshot:
    """All objects of all resources, without Events and Leases, and without what changes by itself.

    The data of Secrets appears as a digest only, so that no test report ever prints a key.
    """
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda resource: _objects(kube, *resource), _resources(kube)))
    return {url: body for part in parts for url, body in part.items()}


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """A line for every object that came, went or changed."""
    return [
        *(f"new: {url}" for url in sorted(after.keys() - before.keys())),
        *(f"gone: {url}" for url in sorted(before.keys() - after.keys())),
        *(
            f"changed: {url}"
            for url in sorted(before.keys() & after.keys())
            if before[url] != after[url]
        ),
    ]


def _resources(kube: Kube) -> list[tuple[str, str]]:
    """(group version, plural) of all that can be listed."""
    groups = kube.get("/apis")["groups"]
    preferred = [f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups]
    found = []
    for group_version in [CORE, *preferred]:
        group = (
            group_version.removeprefix("/apis/").rpartition("/")[0]
            if group_version != "/api/v1"
            else ""
        )
        for resource in kube.get(group_version)["resources"]:
            name, verbs = resource["name"], resource.get("verbs") or []
            if "list" in verbs and "/" not in name and (group, name) not in _NOISE:
                found.append((group_version, name))
    return found


def _objects(kube: Kube, group_version: str, plural: str) -> Snapshot:
    try:
        items = kube.list(f"{group_version}/{plural}")
    except ApiError as error:
        if error.status in (404, 405):  # a CRD that went away since discovery
            return {}
        raise
    found = {}
    for item in items:
        metadata = item["metadata"]
        scope = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
        found[f"{group_version}{scope}/{plural}/{metadata['name']}"] = _essence(
            item, group_version, plural
        )
    return found


def _essence(item: Object, group_version: str, plural: str) -> Object:
    metadata = {key: value for key, value in item["metadata"].items() if key not in _VOLATILE}
    body = {key: value for key, value in item.items() if key != "status"} | {"metadata": metadata}
    if plural == "firewallconfigurations":  # Liqo's webhook thinks of new names at each change
        body["spec"] = json.loads(_UUID.sub("", json.dumps(body["spec"])))
    if plural == "routeconfigurations":
        _sort_routes(body["spec"]["table"])
    if plural == "secrets":
        body = {
            key: _digest(value) if key in ("data", "stringData") else value
            for key, value in body.items()
        }
    if f"{group_version}/{plural}" == CRDS or len(json.dumps(body)) > _DIGESTED:
        body["spec"] = _digest(body.get("spec"))
    return body


def _sort_routes(table: Object) -> None:
    """Liqo's controllers write them in whatever order they find links and Pods."""
    for rule in table.get("rules") or []:
        rule["routes"] = sorted(rule.get("routes") or [], key=json.dumps)
    table["rules"] = sorted(table.get("rules") or [], key=json.dumps)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
