"""All that was seen of one pair of leaves, from the hub down to the tunnel, at one moment."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.diagnosis.causes import CauseName
from kubectl_liqo_shortcut.core.link.observe import End, own_key
from kubectl_liqo_shortcut.core.link.shortcut import Shortcut
from kubectl_liqo_shortcut.core.model import ClusterID, Object, dig
from kubectl_liqo_shortcut.core.networks import Cidrs
from kubectl_liqo_shortcut.errors import Invalid

STALE_AFTER = 45.0
"""Seconds: Liqo writes a Connection's latency every 10 to 12 s while pings come back."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ObservedLeaf:
    """What a leaf shows of its end; without an *end*, why it shows nothing."""

    leaf: ClusterID
    end: End | None = None
    reason: CauseName = CauseName.LEAF_UNREACHABLE  # in one word
    error: str = ""  # in a sentence
    uid: str = ""  # of its kube-system namespace
    now: str = ""  # by the clock of its API server, RFC 3339
    pods: tuple[Object, ...] = ()  # of its gateway for the peer
    services: tuple[Object, ...] = ()  # in front of it
    key_asked: bool = False  # for the key of its gateway: not where the tunnel is up anyway
    unseen: frozenset[str] = frozenset()  # what the user may not look at, by kind

    @property
    def key(self) -> str | None:
        """The public key of its own gateway."""
        end = self.end
        return own_key(end.gateway, end.secret) if end and end.gateway else None

    @property
    def connection(self) -> Object | None:
        return self.end.connection if self.end else None

    def silence(self) -> float | None:
        """Seconds since the Connection last heard the peer; None where it does not say."""
        heard = dig(self.connection, "status", "latency", "timestamp")
        try:
            moments = [validation.moment(each, "timestamp") for each in (heard, self.now)]
        except Invalid:
            return None
        return max(0.0, (moments[1] - moments[0]) / datetime.timedelta(seconds=1))

    @property
    def has_gateway(self) -> bool:
        return self.end is not None and self.end.gateway is not None

    @property
    def says_connected(self) -> bool:
        """What its Connection says, be it old."""
        return bool(dig(self.connection, "status", "value") == "Connected")

    @property
    def is_connected(self) -> bool:
        """Whether its Connection says so, and it is of now."""
        return self.says_connected and not self.is_stale

    @property
    def is_stale(self) -> bool:
        """Whether its Connection is only what was true once."""
        silence = self.silence()
        return silence is not None and silence > STALE_AFTER


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ObservedLink:
    """A pair as it is; *shortcut* is its record's, or what the link there would be."""

    hub: ClusterID
    shortcut: Shortcut
    record: Object | None
    known: Mapping[str, Cidrs | None]  # CIDRs of the leaves, as the hub's Configurations say
    leaves: Mapping[ClusterID, ObservedLeaf]

    @property
    def sides(self) -> tuple[ObservedLeaf, ObservedLeaf]:
        """The server's leaf, and the client's."""
        return self.leaves[self.shortcut.server], self.leaves[self.shortcut.client]

    @property
    def ends(self) -> list[End]:
        return [each.end for each in self.sides if each.end is not None]
