"""What is on the way to an API server and answers in its place: proxies, load balancers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import urllib3

HINT = "does a proxy or a load balancer stand before it, and does it know this address and path?"
PROXY_HINT = (
    "look at proxy-url of that kubeconfig context, and at HTTPS_PROXY and NO_PROXY: "
    "the cluster itself was not asked"
)

_NOT_SERVED = "404 page not found"
"""An API server's words for a group that it does not have: plain text, as Go writes it."""


def answered(code: int, status: Mapping[str, Any]) -> bool:
    """Whether a refusal, which an API server could mean seriously, is somebody else's."""
    if status.get("kind") == "Status" or status.get("message") == _NOT_SERVED:
        return False
    return code in (403, 404, 407)


def words_of(body: bytes) -> str:
    """What a page says, in one line: without its tags, if it has any."""
    text = body[:4096].decode(errors="replace")
    text = re.sub(r"(?is)<(style|script)\b.*?</\1>|<[^<>]*>", " ", text)
    return " ".join(text.split())[:300]


def proxy_error(error: BaseException) -> urllib3.exceptions.ProxyError | None:
    """The proxy's part in *error*; None if it has none."""
    cause: object = error
    while isinstance(cause, BaseException):
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return cause
        cause = getattr(cause, "reason", None)
    return None


def proxy_said(error: urllib3.exceptions.ProxyError, where: str) -> str:
    """What became of the way to *where*, in the proxy's words if it had any."""
    text = " ".join(str(error.original_error).split())
    refusal = re.search(r"Tunnel connection failed: (.*)", text)
    if refusal:
        return f"the proxy on the way to {where} refuses: {refusal[1]}"
    at = re.search(r"host='([^']*)', port=(\d+)", text)
    proxy = f"the proxy {at[1]}:{at[2]}" if at else "the proxy"
    why = re.sub(r"\[Errno -?\d+\] ", "", text).rpartition(": ")[2]
    return f"{proxy} on the way to {where} cannot be reached: {why}"
