"""Whether somebody listens on a TCP port in a network namespace."""

from __future__ import annotations

from tests.lab.shell import run

_LISTENING = "0A"


def listens(namespace: str, port: int) -> bool:
    """Asked of the kernel, so the listener does not see it; no such namespace, no listener."""
    inside = ("ip", "netns", "exec", namespace)
    table = run(*inside, "cat", "/proc/net/tcp", "/proc/net/tcp6", check=False)
    fields = (line.split() for line in table.splitlines())
    return any(
        len(each) > 3 and each[3] == _LISTENING and each[1].endswith(f":{port:04X}")
        for each in fields
    )
