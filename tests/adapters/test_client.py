"""How much of the official client is in memory, and that the rest of it still works beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process


def printed(code: str, before: Path | None = None) -> list[str]:
    """What *code* prints, in a process that looks for packages in *before* first."""
    environment = {**os.environ} | ({"PYTHONPATH": str(before)} if before else {})
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_only_its_layer_of_requests_is_imported() -> None:
    code = (
        "import sys; from kubectl_liqo_shortcut.adapters import connect\n"
        "heavy = {'pydantic', 'dateutil', 'requests', 'websocket', 'oauthlib'}\n"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] in heavy))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('kubernetes')))\n"
    )
    assert printed(code) == [
        "kubernetes.client.configuration",
        "kubernetes.client.exceptions",
        "kubernetes.client.rest",
        "kubernetes.utils._retry_base",
        "kubernetes.utils.keepalive",
        "kubernetes.utils.retry",
    ]


def test_whoever_imports_the_whole_client_later_has_the_same_classes() -> None:
    code = (
        "from kubectl_liqo_shortcut.adapters import client as ours\n"
        "from kubernetes import client\n"
        "from kubernetes.client.rest import RESTClientObject\n"
        "print(client.ApiException is ours.ApiException, client.CoreV1Api.__name__)\n"
        "print(RESTClientObject is ours.RESTClientObject)\n"
        "print(type(client.ApiClient().rest_client) is ours.RESTClientObject)\n"
    )
    assert printed(code) == ["True", "CoreV1Api", "True", "True"]


def test_whoever_has_imported_the_whole_client_keeps_it() -> None:
    code = (
        "import kubernetes\n"
        "from kubectl_liqo_shortcut.adapters import client as ours\n"
        "import kubernetes as again\n"
        "print(again is kubernetes, kubernetes.client.ApiException is ours.ApiException)\n"
    )
    assert printed(code) == ["True", "True"]


def test_a_version_whose_modules_need_their_packages_is_imported_whole(tmp_path: Path) -> None:
    files = {
        "kubernetes/__init__.py": "from . import client",
        "kubernetes/client/__init__.py": "MARK = 'whole'",
        "kubernetes/client/configuration.py": "class Configuration: pass",
        "kubernetes/client/exceptions.py": "class ApiException(Exception): pass",
        "kubernetes/client/rest.py": "from kubernetes.client import MARK as RESTClientObject",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    code = "from kubectl_liqo_shortcut.adapters import client; print(client.RESTClientObject)"
    assert printed(code, tmp_path) == ["whole"]
