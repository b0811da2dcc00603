"""One container of a Pod: its own rendered arguments, as a process in the Pod's network namespace.

The process sees a root of its own (a tmpfs with the binary, the Pod's volumes, /proc, /sys and
/dev), so the paths that Liqo's programs have built in need not exist on the host. The mounts live
in a mount namespace of the process alone and vanish with it, however it ends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.lab import binaries
from tests.lab.kube import Object
from tests.lab.node.context import now

_IMAGES = {
    "ghcr.io/liqotech/gateway": "gateway",
    "ghcr.io/liqotech/gateway/wireguard": "wireguard",
    "ghcr.io/liqotech/fabric": "fabric",
}
"""The binary in each image. The geneve container is left out but reported as running: it would
carry traffic to Pods on other nodes, which the lab does not have, and not every kernel has the
device."""

_LONGEST_PAUSE, _STABLE = 30.0, 60.0
_STOP_GRACE = 3.0


@dataclasses.dataclass
class ContainerState:
    """What a Pod's status says about the container."""

    started_at: str = ""
    finished_at: str = ""
    restarts: int = 0
    exit_code: int | None = None
    running: bool = False
    ended: bool = False
    waiting: str = ""


class Container:
    """Runs until it is stopped; started again with a growing pause, as a kubelet does it."""

    def __init__(
        self,
        spec: Object,
        script: str,
        namespace: str,
        log: Path,
        changed: Callable[[], None],
        restart: str = "Always",
    ) -> None:
        """*changed* is told of every end and restart; it must return at once.

        Without a *script* it is only said to run; *restart* is the Pod's restartPolicy.
        """
        self.spec = spec
        self.state = ContainerState()
        self._command = ["ip", "netns", "exec", namespace, "sh", "-ec", script]
        self._script, self._restart = script, restart
        self._log, self._changed = log, changed
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # between starting the process and stopping it
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """The first process is there when this returns."""
        self.state.started_at = now()
        self.state.running = True
        if self._script:
            self._spawn()
            threading.Thread(target=self._supervise, daemon=True).start()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what is left after the grace period."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _spawn(self) -> None:
        with self._lock, open(self._log, "ab") as log:
            if not self._stopping.is_set():
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def _supervise(self) -> None:
        pause = 0.0
        while self._process is not None:
            began = time.monotonic()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            # What a shell makes of a signal, and a container runtime too.
            self.state.running, self.state.exit_code = False, code if code >= 0 else 128 - code
            self.state.finished_at = now()
            self.state.ended = self._restart == "Never" or (
                self._restart == "OnFailure" and not code
            )
            self._changed()
            if self.state.ended:
                return
            pause = 0.0 if time.monotonic() - began > _STABLE else pause
            if self._stopping.wait(pause):
                return
            pause = min(max(2 * pause, 1.0), _LONGEST_PAUSE)
            self._spawn()
            self.state.restarts += 1
            self.state.running, self.state.started_at = True, now()
            self._changed()


def binary(container: Object) -> Path | None:
    """What runs for the container's image; None for one that the lab leaves out."""
    name = _IMAGES.get(str(container["image"]).rpartition(":")[0])
    return binaries.path(name) if name else None


def script(
    container: Object,
    root: Path,
    hosts: Path,
    volumes: Mapping[str, Path],
    environment: Mapping[str, str],
) -> str:
    """The shell lines that build the container's root and become its process.

    *hosts* is its /etc/hosts.
    """
    program = binary(container)
    if program is None:
        return ""
    lines = [
        f"mount -t tmpfs -o mode=0755 tmpfs {shlex.quote(str(root))}",
        f"cd {shlex.quote(str(root))}",
        "mkdir -p proc sys dev tmp run/wireguard etc/iproute2 var",
        "ln -s ../run var/run",
        "for shared in proc sys dev; do mount --rbind /$shared $shared; done",
        f"touch {program.name}; mount --bind {shlex.quote(str(program))} {program.name}",
        f"touch etc/hosts; mount --bind {shlex.quote(str(hosts))} etc/hosts",
    ]
    for mount in container.get("volumeMounts") or []:
        target = shlex.quote(f".{mount['mountPath']}")
        lines.append(
            f"mkdir -p {target}; mount --bind {shlex.quote(str(volumes[mount['name']]))} {target}"
        )
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    args = " ".join(shlex.quote(expanded(arg, environment)) for arg in container.get("args") or [])
    lines.append(f'exec env -i PATH="$PATH" {variables} chroot . /{program.name} {args}')
    return "\n".join(lines)


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """Kubernetes' $(NAME)."""
    for name, value in environment.items():
        text = text.replace(f"$({name})", value)
    return text
