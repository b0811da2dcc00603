"""The official client's layer of requests, without the rest of the client.

To run ``kubernetes/__init__.py`` is to import its ways of reading a kubeconfig, its typed models'
door, OAuth and WebSockets; its ``ApiClient`` brings pydantic and dateutil. Together that is 85 ms
of CPU in every command, and nothing of it is used. The three modules below need none of it, so
that for the moment of their import empty packages stand in for those that hold them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
from collections.abc import Iterator

_PACKAGES = ("kubernetes", "kubernetes.client", "kubernetes.utils")


@contextlib.contextmanager
def _packages_not_run() -> Iterator[None]:
    """Modules are found in these packages, whose own code does not run; then they are as before."""
    empty: dict[str, types.ModuleType] = {}
    for name in _PACKAGES:
        spec = None if name in sys.modules else importlib.util.find_spec(name)
        if spec is not None:
            empty[name] = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        yield
    finally:
        for name, module in empty.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


try:
    with _packages_not_run():
        from kubernetes.client.configuration import Configuration
        from kubernetes.client.exceptions import ApiException
        from kubernetes.client.rest import RESTClientObject
except ImportError:  # of another version, which needs its packages: then all of it
    from kubernetes.client.configuration import Configuration
    from kubernetes.client.exceptions import ApiException
    from kubernetes.client.rest import RESTClientObject

__all__ = ["ApiException", "Configuration", "RESTClientObject"]
