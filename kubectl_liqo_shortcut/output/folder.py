"""A folder to write to that no link leads out of: what a git checkout may contain is not followed.

All is done relative to the folder's descriptor, so nobody can put a link in its place meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator

from kubectl_liqo_shortcut.errors import ShortcutError

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_MAKE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_READ_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


class Folder:
    """An open folder; *path* is for messages."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def read(self, name: str, most: int) -> bytes | None:
        """The first *most* bytes of a file and one more if there are; None if there is none."""
        path = os.path.join(self.path, name)
        try:
            descriptor = os.open(name, _READ_FILE, dir_fd=self._descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._refuse_link(name)
            raise _named(error, path) from error
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ShortcutError(f"{path} is not a file", hint="choose another folder")
            return file.read(most + 1)

    def write(self, name: str, text: str) -> str:
        """Replace a file whole or not at all, a link by a file; returns its path."""
        path = os.path.join(self.path, name)
        unfinished = f".{name}.{secrets.token_hex(8)}"
        try:
            descriptor = os.open(unfinished, _MAKE_FILE, 0o666, dir_fd=self._descriptor)
            try:
                with open(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(
                    unfinished, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor
                )
            except BaseException:
                self.remove(unfinished)
                raise
        except OSError as error:
            raise _named(error, path) from error
        return path

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(name, dir_fd=self._descriptor)

    def enter(self, name: str) -> int:
        """The descriptor of a folder in it, which is made where it lacks."""
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=self._descriptor)
            return os.open(name, _OPEN_FOLDER, dir_fd=self._descriptor)
        except OSError as error:
            self._refuse_link(name)
            raise _named(error, os.path.join(self.path, name)) from error

    def _refuse_link(self, name: str) -> None:
        try:
            found = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except OSError:
            return  # there is none
        if stat.S_ISLNK(found.st_mode):
            raise ShortcutError(
                f"{os.path.join(self.path, name)} is a link, and links are not followed",
                hint="remove it, or choose the folder that it leads to",
            )


@contextlib.contextmanager
def opened(directory: str, name: str) -> Iterator[Folder]:
    """The folder *name* in *directory*, both made where they lack.

    A link is refused in every part of a path below the working folder, which may be a checkout; of
    an absolute one in its last part, since systems have links of their own above (``/tmp``).
    """
    start, parts = _parts(directory)
    path, descriptor = start, os.open(start, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in (*parts, name):
            inner = Folder(path, descriptor).enter(part)
            os.close(descriptor)
            path, descriptor = os.path.join(path, part), inner
        yield Folder(os.path.join(directory, name), descriptor)
    finally:
        os.close(descriptor)


def _parts(directory: str) -> tuple[str, list[str]]:
    """Where to begin, which is trusted, and what comes below it."""
    parts = [part for part in directory.split(os.sep) if part not in ("", os.curdir)]
    if not os.path.isabs(directory):
        return os.curdir, parts
    above = os.sep + os.sep.join(parts[:-1])
    os.makedirs(above, exist_ok=True)
    return above, parts[-1:]


def _named(error: OSError, path: str) -> OSError:
    return OSError(error.errno, error.strerror, path)
