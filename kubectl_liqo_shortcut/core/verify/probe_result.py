"""What a probe Pod is doing, and what it says at its end: input, since anybody may have written it.

A Pod's status and its termination message become values here, bounded in size.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_liqo_shortcut.core import validation
from kubectl_liqo_shortcut.core.model import Object, is_terminating
from kubectl_liqo_shortcut.errors import Invalid

NOT_SEEN = "not seen yet"
_LONGEST = 300  # characters of what a cluster says
_MESSAGE = 16384  # bytes: kubelet lets 12288 through
_GRACE = 60  # seconds that a run may take to remove its Pods
_SLOWEST = 600_000  # milliseconds
_NEVER_BY_ITSELF = (
    *("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"),
    *("CreateContainerConfigError", "CreateContainerError", "RunContainerError"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """It does not run yet, and says why."""

    says: str


@dataclasses.dataclass(frozen=True, slots=True)
class Running:
    address: str


@dataclasses.dataclass(frozen=True, slots=True)
class Ended:
    """It has run; *address* was its own."""

    message: str
    address: str
    how: str  # in words


@dataclasses.dataclass(frozen=True, slots=True)
class Broken:
    """It will not run; *image*: another image may help."""

    why: str
    image: bool = False


PodState = Waiting | Running | Ended | Broken


@dataclasses.dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that one connect took."""

    min: float
    median: float
    max: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What became of *of* connects to one address."""

    ok: int
    of: int
    error: str = ""  # of the last one that failed
    latency: Latency | None = None
    callers: tuple[str, ...] = ()  # as a probe server saw them
    mtu: int = 0  # bytes of the largest packet that arrived unfragmented; 0: none did


def pod_state(pod: Object | None) -> PodState:
    """How far a probe Pod is; None: nobody has seen it yet."""
    if pod is None:
        return Waiting(NOT_SEEN)
    if is_terminating(pod):
        return Broken("somebody else deletes it")
    status = validation.mapping(pod.get("status"), "status")
    state = _container(status)
    ended = validation.mapping(state.get("terminated"), "terminated")
    waiting = validation.mapping(state.get("waiting"), "waiting")
    address = _address(status.get("podIP"))
    if ended:
        return _ended(ended, address)
    if status.get("phase") in ("Failed", "Succeeded"):
        return Broken(_words(status) or "it ended without a word")
    if waiting.get("reason") in _NEVER_BY_ITSELF:
        return Broken(_words(waiting), image=True)
    if "running" in state and address:
        return Running(address)
    return Waiting(_words(waiting) or _unscheduled(status) or "no node has taken it yet")


def is_left_over(pod: Object, now: str) -> bool:
    """Whether the run that made this probe Pod must be over *now*, by the API server's clock."""
    seconds = validation.mapping(pod.get("spec"), "spec").get("activeDeadlineSeconds")
    made = validation.moment(pod["metadata"].get("creationTimestamp"), "creationTimestamp")
    age = (validation.moment(now, "creationTimestamp") - made).total_seconds()
    return isinstance(seconds, int) and age > seconds + _GRACE


def _container(status: Mapping[str, Any]) -> Mapping[str, Any]:
    for each in status.get("containerStatuses") or ():
        return validation.mapping(each.get("state"), "state")
    return {}


def _ended(state: Mapping[str, Any], address: str) -> PodState:
    reason = str(state.get("reason") or "")
    how = f"exit code {state.get('exitCode')}" + (f" ({clip(reason)})" if reason else "")
    message = str(state.get("message") or "")
    if reason in ("StartError", "ContainerCannotRun"):
        return Broken(f"{how}: {clip(message)}", image=True)
    return Ended(message, address, how)


def _unscheduled(status: Mapping[str, Any]) -> str:
    for each in status.get("conditions") or ():
        if each.get("type") == "PodScheduled" and each.get("status") == "False":
            return _words(each)
    return ""


def _words(said: Mapping[str, Any]) -> str:
    parts = (clip(str(said.get(key) or "")) for key in ("reason", "message"))
    return ": ".join(filter(None, parts))


def clip(text: str) -> str:
    """*text* in one line of a bounded length."""
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _address(value: Any) -> str:
    """An IP address; anything else is none."""
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else ""
    except ValueError:
        return ""


def result_of(
    message: str, count: int, addresses: int
) -> tuple[ProbeResult | None, tuple[ProbeResult, ...]]:
    """What a client found on its way to the probe server, if it was given one, and to each of so
    many *addresses*. Raises ``Invalid``."""
    lines = message[-_MESSAGE:].strip().splitlines()
    try:
        whole: Any = json.loads(lines[-1] if lines else "")
    except (ValueError, RecursionError) as error:
        raise Invalid(f"no result, but {clip(message)!r}") from error
    known = validation.mapping(whole, "result", ("peer", "addresses"))
    others = known.get("addresses")
    if not isinstance(others, list) or len(others) != addresses:
        raise Invalid(f"result: not about {addresses} addresses")
    peer = known.get("peer")
    return (
        None if peer is None else _heard(peer, "peer", count),
        tuple(_heard(each, f"addresses[{n}]", count) for n, each in enumerate(others)),
    )


def _heard(value: Any, at: str, count: int) -> ProbeResult:
    known = validation.mapping(value, at, ("ok", "error", "ms", "callers", "mtu"))
    callers = known.get("callers", [])
    if not isinstance(callers, list) or not all(map(_address, callers[:9])) or len(callers) > 8:
        raise Invalid(f"{at}.callers: not a few IP addresses")
    ok = validation.integer(known.get("ok"), f"{at}.ok", 0, count)
    numbers = tuple(_milliseconds(known.get("ms"), f"{at}.ms"))
    if len(numbers) != (3 if ok else 0):
        raise Invalid(f"{at}.ms: not three numbers")
    return ProbeResult(
        ok=ok,
        of=count,
        error=clip(str(known.get("error") or "")),
        latency=Latency(*numbers) if numbers else None,
        callers=tuple(map(_address, callers)),
        mtu=validation.integer(known.get("mtu", 0), f"{at}.mtu", 0, 65535),
    )


def _milliseconds(value: Any, at: str) -> Iterator[float]:
    for each in value if isinstance(value, list) else [None]:
        if isinstance(each, bool) or not isinstance(each, int | float) or not 0 <= each <= _SLOWEST:
            raise Invalid(f"{at}: not milliseconds")
        yield float(each)
