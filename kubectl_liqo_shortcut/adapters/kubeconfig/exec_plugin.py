"""Credential plugins (``exec`` in a kubeconfig), run as kubectl runs them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from kubectl_liqo_shortcut.adapters.environment import for_programs
from kubectl_liqo_shortcut.adapters.kubeconfig.values import BadKubeconfig, mappings, text, texts

_GROUP = "client.authentication.k8s.io"
_VERSIONS = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")
_MODES = ("Never", "IfAvailable", "Always")
_INFO = "KUBERNETES_EXEC_INFO"

_terminal = threading.Lock()  # two plugins that ask at once would share what is typed


class PluginFailed(Exception):
    """Why a plugin gave no credentials; what it said itself is on standard error already."""


def check_plugin(plugin: Mapping[str, Any]) -> None:
    """Refuses what kubectl refuses before it runs anything."""
    if not text(plugin, "command"):
        raise BadKubeconfig("exec has no command")
    version = text(plugin, "apiVersion")
    if version not in _VERSIONS:
        raise BadKubeconfig(f"exec: apiVersion {version!r} is none of {' and '.join(_VERSIONS)}")
    mode = _mode(plugin)
    if mode not in _MODES:
        raise BadKubeconfig(f"exec: interactiveMode {mode!r} is none of {', '.join(_MODES)}")
    if any(not text(each, "name") for each in mappings(plugin, "env")):
        raise BadKubeconfig("exec: an env entry has no name")
    policy = plugin.get("pluginPolicy")
    if policy:
        raise BadKubeconfig("exec: pluginPolicy is not known")


def run_plugin(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    """The status of its answer; *cluster* is what it is told of the cluster if it wants to know."""
    interactive = _is_interactive(_mode(plugin))
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = cluster
    version = text(plugin, "apiVersion")
    asked = {"kind": "ExecCredential", "apiVersion": version, "spec": spec}
    given = {text(each, "name"): text(each, "value") for each in mappings(plugin, "env")}
    command = [_found(text(plugin, "command")), *texts(plugin, "args")]
    try:
        with _terminal if interactive else contextlib.nullcontext():
            done = subprocess.run(  # noqa: S603 - it is what the user's own kubeconfig names
                command,
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                env={**for_programs(), **given, _INFO: json.dumps(asked)},
                check=False,
            )
    except OSError as error:
        raise PluginFailed(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise PluginFailed(f"it ended with exit code {done.returncode}")
    return _status(_decoded(done.stdout), version)


def _mode(plugin: Mapping[str, Any]) -> str:
    mode = text(plugin, "interactiveMode")
    return mode or ("IfAvailable" if text(plugin, "apiVersion") == _VERSIONS[1] else "")


def _is_interactive(mode: str) -> bool:
    terminal = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    if mode == "Always" and not terminal:
        raise PluginFailed("it needs a terminal, and standard input is none")
    return mode != "Never" and terminal


def _found(command: str) -> str:
    """As for kubectl, found by this process's own PATH, and never in the working folder."""
    path = shutil.which(command)
    if path is None:
        raise PluginFailed(f"there is no program {command!r}")
    if not os.path.isabs(path):
        raise PluginFailed(f"{command!r} is found only in the working folder")
    return path


def _decoded(said: bytes) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        from kubectl_liqo_shortcut.core.documents import load_one

        try:
            return load_one(said)
        except ValueError as error:
            raise PluginFailed("its answer is not JSON") from error


def _status(answer: Any, version: str) -> Mapping[str, Any]:
    if not isinstance(answer, dict) or answer.get("kind") != "ExecCredential":
        raise PluginFailed("its answer is no ExecCredential")
    if answer.get("apiVersion") != version:
        said = answer.get("apiVersion")
        raise PluginFailed(f"it answers in version {said!r}, the kubeconfig says {version!r}")
    status = answer.get("status")
    if not isinstance(status, dict):
        raise PluginFailed("its answer has no status")
    try:
        token, certificate, key = (
            text(status, each) for each in ("token", "clientCertificateData", "clientKeyData")
        )
    except BadKubeconfig as error:
        raise PluginFailed(f"its answer: {error}") from error
    if bool(certificate) != bool(key):
        raise PluginFailed("its answer has only one of certificate and key")
    if not token and not certificate:
        raise PluginFailed("its answer has neither a token nor a certificate")
    return status
