"""Acting as somebody else: ``as`` and its companions in a kubeconfig, or on the command line."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig, mapping, text, texts

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_TOKEN = re.compile(rb"[^!#$&'*+\-.^_`|~0-9A-Za-z]")  # what may not stand in a header's name


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """What the command line says; it beats the kubeconfig, part by part."""

    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""

    def over(self, user: Mapping[str, Any]) -> dict[str, Any]:
        """The kubeconfig's *user* with what is given here."""
        given = {"as": self.user, "as-groups": list(self.groups), "as-uid": self.uid}
        return {**user, **{key: value for key, value in given.items() if value}}


def headers(user: Mapping[str, Any]) -> list[tuple[str, str]]:
    """For every request; a name may come several times."""
    name, groups, uid = text(user, "as"), texts(user, "as-groups"), text(user, "as-uid")
    extra = mapping(user, "as-user-extra")
    if not name:
        if groups or uid or extra:
            raise BadKubeconfig("as-groups, as-uid or as-user-extra is set, and as is not")
        return []
    found = [("Impersonate-User", name)]
    found += [("Impersonate-Uid", uid)] if uid else []
    found += [("Impersonate-Group", group) for group in groups]
    found += [
        (f"Impersonate-Extra-{_escaped(key)}", value)
        for key in extra
        for value in texts(extra, key)
    ]
    if any(_CONTROL.search(value) for _, value in found):
        raise BadKubeconfig("as, or one of its companions, holds a line break or the like")
    return [(key, value.encode().decode("latin-1")) for key, value in found]


def _escaped(key: str) -> str:
    """As Kubernetes' own clients write it: what is no part of a header's name, by its bytes."""
    return _NO_TOKEN.sub(lambda found: b"%%%02X" % found[0][0], str(key).encode()).decode()
