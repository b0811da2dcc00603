"""The shell lines that make a workload container: the host's files, but devices of its own."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.kube import Object
from tests.lab.node.container import expanded

_OWN = ("dev", "run")
_ROOT = r"""
for entry in /*; do
  name=${entry#/}
  case $name in dev|run) continue ;; esac
  if [ -L "$entry" ]; then cp -P "$entry" .
  elif [ -d "$entry" ]; then mkdir "$name"; mount --rbind "$entry" "$name"
  fi
done
mkdir -p run dev/shm
ln -s /proc/self/fd dev/fd
for node in null zero full random urandom; do
  touch "dev/$node"; mount --bind "/dev/$node" "dev/$node"
done
"""
_SLEEP = ["sleep", "infinity"]


def script(
    pod: Object,
    container: Object,
    root: Path,
    said: Path,
    volumes: Mapping[str, Path],
    environment: Mapping[str, str],
) -> str:
    """*said* takes what the container writes to its terminationMessagePath."""
    message = container.get("terminationMessagePath") or "/dev/termination-log"
    lines = [
        f"mount -t tmpfs -o mode=0755 tmpfs {shlex.quote(str(root))}",
        f"cd {shlex.quote(str(root))}",
        _ROOT,
        _mount(message, said),
    ]
    mounts = container.get("volumeMounts") or []
    lines += [_mount(mount["mountPath"], volumes[mount["name"]]) for mount in mounts]
    words = [*(container.get("command") or []), *(container.get("args") or [])] or _SLEEP
    known = {"PATH": _path(), "HOME": "/", "HOSTNAME": pod["metadata"]["name"], **environment}
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in known.items())
    command = shlex.join(expanded(str(word), environment) for word in words)
    lines.append(f"exec env -i {variables} chroot {_user(pod, container)} . {command}")
    return "\n".join(lines)


def _mount(target: str, source: Path) -> str:
    """The host's own folders are shared with it, so nothing new may appear in them."""
    resolved = Path(target).resolve()  # /var/run is /run
    first = resolved.parts[1]
    if first not in _OWN and Path("/", first).exists() and not resolved.exists():
        raise LabError(f"nothing can be mounted at {target}: the lab has no images")
    inside = shlex.quote(f".{resolved}")
    make = f"mkdir -p {inside}"
    if source.is_file():
        make = f"mkdir -p $(dirname {inside}); touch {inside}"
    return f"{make}; mount --bind {shlex.quote(str(source))} {inside}"


def _user(pod: Object, container: Object) -> str:
    found = {
        **(pod["spec"].get("securityContext") or {}),
        **(container.get("securityContext") or {}),
    }
    user = found.get("runAsUser")
    return "" if user is None else f"--userspec={int(user)}:{int(found.get('runAsGroup') or user)}"


def _path() -> str:
    """The usual folders, and last the one of this interpreter: there is a python3 in any case."""
    usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return f"{usual}:{Path(sys.executable).parent}"
