"""What the objects that we read look like, as far as we read them.

A cluster may answer anything. An object is compared with this table when it is decoded, so that
the rest of the program may trust the types: a text is a text, and a list holds mappings. A field
that is null counts as not there, and is taken out. What the table does not name is not read.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Callable
from typing import Any

from kubectl_liqo_shortcut.core import resources as r
from kubectl_liqo_shortcut.core.resources import Kind

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Misshapen(ValueError):
    """Which field is not what it must be."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Value:
    """What a single value must be."""

    words: str
    fits: Callable[[Any], bool]


@dataclasses.dataclass(frozen=True, slots=True)
class _Each:
    """A mapping from any text."""

    value: _Shape


_Shape = _Value | _Each | list["_Shape"] | dict[str, "_Shape"]
"""A list has one shape for all of its items; a key that ends in ``!`` must be there."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    """As ``metav1.Time``: with a zone, so that two of them can be compared."""
    try:
        return datetime.datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


TEXT = _Value("a text", _is_text)
NUMBER = _Value("a number", _is_number)
FLAG = _Value("true or false", lambda value: isinstance(value, bool))
TIME = _Value("a time", _is_time)
NAME = _Value("a name", lambda value: _is_text(value) and bool(_NAME.fullmatch(value)))
ANY_NAME = _Value("a name", lambda value: _is_text(value) and value != "")
QUANTITY = _Value("a quantity", lambda value: _is_text(value) or _is_number(value))
TEXTS = _Value(
    "a text or a list of texts",
    lambda value: _is_text(value) or (isinstance(value, list) and all(map(_is_text, value))),
)
MAPPING: _Shape = {}

_METADATA: dict[str, _Shape] = {
    "namespace": NAME,
    "uid": TEXT,
    "resourceVersion": TEXT,
    "generation": NUMBER,
    "creationTimestamp": TIME,
    "deletionTimestamp": TIME,
    "labels": _Each(TEXT),
    "annotations": _Each(TEXT),
    "finalizers": [TEXT],
    "ownerReferences": [{"uid": TEXT, "kind": TEXT, "name": TEXT, "apiVersion": TEXT}],
    "managedFields": [
        {
            "manager": TEXT,
            "operation": TEXT,
            "apiVersion": TEXT,
            "subresource": TEXT,
            "time": TEXT,
            "fieldsV1": {"f:metadata": {"f:labels": MAPPING, "f:annotations": MAPPING}},
        }
    ],
}
_CONDITION: dict[str, _Shape] = {
    "type!": TEXT,
    "status!": TEXT,
    "reason": TEXT,
    "message": TEXT,
    "observedGeneration": NUMBER,
    "lastTransitionTime": TIME,
}
_ENDPOINT: _Shape = {"addresses": [TEXT], "port": NUMBER, "protocol": TEXT}
_TEMPLATE_REF: _Shape = {"apiVersion": TEXT, "kind": TEXT, "name": TEXT, "namespace": TEXT}
_REMOTE: dict[str, _Shape] = {"remote": {"cidr": {"pod": TEXTS, "external": TEXTS}}}
_GATEWAY: dict[str, _Shape] = {"mtu": NUMBER, "secretRef": {"name": TEXT, "namespace": TEXT}}
_STATE: _Shape = {
    "waiting": {"reason": TEXT, "message": TEXT},
    "terminated": {"reason": TEXT, "message": TEXT, "exitCode": NUMBER},
}
_CONTAINER: _Shape = {"name": TEXT, "image": TEXT, "command": [TEXT], "args": [TEXT]}
_TEMPLATE: _Shape = {"spec": {"objectKind": MAPPING, "template": MAPPING}}
_LEAF: _Shape = {"clusterID!": NAME}
_AMOUNTS = _Each(QUANTITY)

# An API server takes more for a time (``2026-01-01T00:00:00x5z``) than can be read as one. Whoever
# writes such a record must not keep all others from being listed: its times are read later.
_SHORTCUT: _Shape = {
    "spec!": {
        "server!": _LEAF,
        "client!": _LEAF,
        "gateway": {
            "mtu": NUMBER,
            "service": {
                "type": TEXT,
                "port": NUMBER,
                "nodePort": NUMBER,
                "loadBalancerIP": TEXT,
                "annotations": _Each(TEXT),
                "labels": _Each(TEXT),
            },
            "clientEndpoint": {"address": TEXT, "port": NUMBER},
            "serverTemplateRef": _TEMPLATE_REF,
            "clientTemplateRef": _TEMPLATE_REF,
        },
        "expirationTime": TEXT,
        "tenantNamespaceReclaimPolicy": TEXT,
    },
    "status": {
        "observedGeneration": NUMBER,
        "lastObservedTime": TEXT,
        "firstReadyTime": TEXT,
        "latency": TEXT,
        "conditions": [
            {
                **dict.fromkeys(("type!", "status!", "reason!", "message!"), TEXT),
                "observedGeneration": NUMBER,
                "lastTransitionTime!": TEXT,
            }
        ],
        "endpoint": {"address!": TEXT, "port!": NUMBER},
        "clusters": [{"clusterID!": TEXT, "uid": TEXT}],
        "routes": [{"from!": TEXT, "to!": TEXT, "type!": TEXT, "cidr!": TEXT, "reachableAs": TEXT}],
        "objects": [
            {
                "clusterID!": TEXT,
                "apiVersion!": TEXT,
                "kind!": TEXT,
                "name!": TEXT,
                "ownership!": TEXT,
                "namespace": TEXT,
                "uid": TEXT,
            }
        ],
    },
}

SHAPES: dict[Kind, _Shape] = {
    r.SHORTCUT: _SHORTCUT,
    r.CONFIG_MAP: {"data": _Each(TEXT)},
    r.SECRET: {"data": _Each(TEXT)},
    r.EVENT: {
        "involvedObject": {"uid": TEXT, "kind": TEXT, "name": TEXT},
        "type": TEXT,
        "reason": TEXT,
        "message": TEXT,
        "lastTimestamp": TIME,
    },
    r.SERVICE: {
        "spec": {
            "type": TEXT,
            "ports": [{"protocol": TEXT, "port": NUMBER}],
            "publishNotReadyAddresses": FLAG,
        },
        "status": {"loadBalancer": {"ingress": [MAPPING]}},
    },
    r.POD: {
        "spec": {"nodeName": TEXT, "activeDeadlineSeconds": NUMBER},
        "status": {
            "phase": TEXT,
            "podIP": TEXT,
            "conditions": [_CONDITION],
            "containerStatuses": [
                {"ready": FLAG, "restartCount": NUMBER, "state": _STATE, "lastState": _STATE}
            ],
        },
    },
    r.ENDPOINT_SLICE: {
        "endpoints": [
            {
                "addresses": [TEXT],
                "conditions": {"ready": FLAG},
                "nodeName": TEXT,
                "targetRef": MAPPING,
            }
        ],
        "ports": [{"protocol": TEXT, "port": NUMBER}],
    },
    r.DEPLOYMENT: {"spec": {"template": {"spec": {"containers": [_CONTAINER]}}}},
    r.CONFIGURATION: {"spec": _REMOTE, "status": {**_REMOTE, "conditions": [_CONDITION]}},
    r.CONNECTION: {
        "spec": MAPPING,
        "status": {"value": TEXT, "latency": {"value": TEXT, "timestamp": TEXT}},
    },
    r.GATEWAY_CLIENT: {
        "spec": {**_GATEWAY, "endpoint": _ENDPOINT, "clientTemplateRef": _TEMPLATE_REF},
        "status": {"clientRef": MAPPING},
    },
    r.GATEWAY_SERVER: {
        "spec": {
            **_GATEWAY,
            "endpoint": {
                "port": NUMBER,
                "serviceType": TEXT,
                "nodePort": NUMBER,
                "loadBalancerIP": TEXT,
            },
            "serverTemplateRef": _TEMPLATE_REF,
            "serviceAnnotations": _Each(TEXT),
            "serviceLabels": _Each(TEXT),
        },
        "status": {"endpoint": _ENDPOINT},
    },
    r.PUBLIC_KEY: {"spec": {"publicKey": TEXT}},
    r.NETWORK: {"spec": {"cidr": TEXT}, "status": {"cidr": TEXT}},
    r.FOREIGN_CLUSTER: {"status": {"role": TEXT, "modules": _Each({"enabled": FLAG})}},
    r.NAMESPACE_MAP: {
        "status": {"currentMapping": _Each({"remoteNamespace": TEXT, "phase": TEXT})}
    },
    r.WG_SERVER_TEMPLATE: _TEMPLATE,
    r.WG_CLIENT_TEMPLATE: _TEMPLATE,
    r.CRD: {"status": {"conditions": [_CONDITION]}},
    r.LEASE: {"spec": {"holderIdentity": TEXT, "acquireTime": TEXT, "renewTime": TEXT}},
    r.SELF_SUBJECT_REVIEW: {"status": {"userInfo": {"username": TEXT, "groups": [TEXT]}}},
    r.SELF_SUBJECT_ACCESS_REVIEW: {"status": {"allowed": FLAG}},
    r.RESOURCE_QUOTA: {
        "spec": {"hard": _AMOUNTS},
        "status": {"hard": _AMOUNTS, "used": _AMOUNTS},
    },
    r.LIMIT_RANGE: {
        "spec": {
            "limits": [
                {
                    "type": TEXT,
                    **dict.fromkeys(
                        ("default", "defaultRequest", "max", "min", "maxLimitRequestRatio"),
                        _AMOUNTS,
                    ),
                }
            ]
        }
    },
}
_REVIEWS = (r.SELF_SUBJECT_REVIEW, r.SELF_SUBJECT_ACCESS_REVIEW)
_FREELY_NAMED = (r.ROLE, r.ROLE_BINDING, r.CLUSTER_ROLE, r.CLUSTER_ROLE_BINDING)


def check(kind: Kind, body: dict[str, Any], *, kept: bool = True) -> None:
    """Raise ``Misshapen`` unless *body* can be an object of *kind*; *kept*: by its server.

    Of a kind that is none of ours only what every object has is compared.
    """
    known = r.kind_of(kind.api_version, kind.kind) is not None
    metadata = dict(_METADATA)
    if kind not in _REVIEWS:
        metadata["name!"] = NAME if known and kind not in _FREELY_NAMED else ANY_NAME
    if kind.namespaced:
        metadata["namespace!"] = NAME
    if known and kept and kind not in _REVIEWS:
        metadata |= {"uid!": ANY_NAME, "resourceVersion!": ANY_NAME}
    _compare({"metadata!": metadata}, body, "")
    _compare(SHAPES.get(kind, MAPPING), body, "")


def _compare(shape: _Shape, value: Any, at: str) -> None:
    match shape:
        case _Value(words, fits):
            if not fits(value):
                raise Misshapen(f"{at} is not {words}")
        case list():
            if not isinstance(value, list):
                raise Misshapen(f"{at} is not a list")
            for number, each in enumerate(value):
                _compare(shape[0], each, f"{at}[{number}]")
        case _:
            if not isinstance(value, dict):
                raise Misshapen(f"{at or 'it'} is not a mapping")
            _compare_mapping(shape, value, f"{at}." if at else "")


def _compare_mapping(shape: _Each | dict[str, _Shape], value: dict[str, Any], at: str) -> None:
    if isinstance(shape, _Each):
        for key, each in value.items():
            _compare(shape.value, each, f"{at}{key}")
        return
    for key, inner in shape.items():
        name = key.removesuffix("!")
        if value.get(name) is not None:
            _compare(inner, value[name], f"{at}{name}")
        elif key != name:
            raise Misshapen(f"{at}{name} is not there")
        else:
            value.pop(name, None)
