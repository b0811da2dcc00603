"""What the objects that we read look like, as far as we read them.

A cluster may answer anything. An object is compared with this table when it is decoded, so that
the rest of the program may trust the types: a text is a text, and a list holds mappings. A field
that is null counts as not there, and is taken out. What the table does not name is not read.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Callable
from typing import Any

from kubectl_liqo_shortcut.core import kinds as r
from kubectl_liqo_shortcut.core.kinds import Kind

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Misshapen(ValueError):
    """Which field is not what it must be; the path to it grows on the way out."""

    def __init__(self, said: str, at: str = "") -> None:
        super().__init__(said, at)
        self._said = said
        self._at = at

    def inside(self, step: str) -> Misshapen:
        """The same, seen from where *step* leads to it."""
        dot = "." if self._at and not self._at.startswith("[") else ""
        self._at = f"{step}{dot}{self._at}"
        return self

    def __str__(self) -> str:
        return f"{self._at or 'it'} {self._said}"


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
        "mtu": NUMBER,
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
    r.NAMESPACE: {"status": {"conditions": [_CONDITION]}},
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


def check_shape(kind: Kind, body: dict[str, Any], *, kept: bool = True) -> None:
    """Raise ``Misshapen`` unless *body* can be an object of *kind*; *kept*: by its server.

    Of a kind that is none of ours only what every object has is compared.
    """
    _check_of(kind, kept)(body)


_Check = Callable[[Any], None]


@functools.lru_cache(maxsize=512)
def _check_of(kind: Kind, kept: bool) -> _Check:  # noqa: FBT001 - a key of the cache
    known = r.kind_of(kind.api_version, kind.kind) is not None
    metadata = dict(_METADATA)
    if kind not in _REVIEWS:
        metadata["name!"] = NAME if known and kind not in _FREELY_NAMED else ANY_NAME
    if kind.namespaced:
        metadata["namespace!"] = NAME
    if known and kept and kind not in _REVIEWS:
        metadata |= {"uid!": ANY_NAME, "resourceVersion!": ANY_NAME}
    whole, rest = _checks_mapping({"metadata!": metadata}), _checks(SHAPES.get(kind, MAPPING))

    def both(body: Any) -> None:
        whole(body)
        rest(body)

    return both


def _checks(shape: _Shape) -> _Check:
    """A table is read once; lists of thousands are compared by what came of it."""
    match shape:
        case _Value(words, fits):
            return _checks_value(words, fits)
        case _Each(value):
            return _checks_each(_checks(value))
        case list():
            return _checks_list(_checks(shape[0]))
        case _:
            return _checks_mapping(shape)


def _checks_value(words: str, fits: Callable[[Any], bool]) -> _Check:
    def check_value(value: Any) -> None:
        if not fits(value):
            raise Misshapen(f"is not {words}")

    return check_value


def _checks_list(check_item: _Check) -> _Check:
    def check_list(value: Any) -> None:
        if not isinstance(value, list):
            raise Misshapen("is not a list")
        for number, each in enumerate(value):
            try:
                check_item(each)
            except Misshapen as error:
                raise error.inside(f"[{number}]") from None

    return check_list


def _checks_each(check_inner: _Check) -> _Check:
    def check_each(value: Any) -> None:
        if not isinstance(value, dict):
            raise Misshapen("is not a mapping")
        for key, each in value.items():
            try:
                check_inner(each)
            except Misshapen as error:
                raise error.inside(key) from None

    return check_each


def _checks_mapping(shape: dict[str, _Shape]) -> _Check:
    fields = [(key.removesuffix("!"), key.endswith("!"), _checks(shape[key])) for key in shape]

    def check_mapping(value: Any) -> None:
        if not isinstance(value, dict):
            raise Misshapen("is not a mapping")
        for name, needed, check_inner in fields:
            inner = value.get(name)
            if inner is not None:
                try:
                    check_inner(inner)
                except Misshapen as error:
                    raise error.inside(name) from None
            elif needed:
                raise Misshapen("is not there", name)
            else:
                value.pop(name, None)

    return check_mapping
