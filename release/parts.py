"""What was frozen: whose each file is, of which version, and where the texts of its licence are."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import re
import sys
import sysconfig
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from packageurl import PackageURL

from release import archive, debian
from release.version import ReleaseError

_OURS = "kubectl-liqo-shortcut"
_SUFFIXES = (".py", ".pyc", ".so", ".pyd")
_TEXT = re.compile(r"(licen[cs]es?|copying|notice|authors|sboms)\b", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """*name* is its folder among the licences; *files* are shared libraries, as they are frozen."""

    name: str
    version: str
    texts: Mapping[str, Path]  # by their path in that folder
    purl: PackageURL | None = None
    licence: str = ""  # an SPDX expression, "" where only the texts say it
    files: tuple[str, ...] = ()


def parts(frozen: Path, sources: Mapping[str, Path]) -> list[Part]:
    """All of the folder *frozen*; refuses what is nobody's, and what has no text.

    *sources* has the file that each library was copied from, by its name in ``_internal``.
    """
    names = list(archive.files_under(frozen / "_internal"))
    distributions, theirs = _distributions(names)
    libraries = dict(_libraries(names, sources, theirs))
    _refuse_unknown(names, theirs, libraries)
    python = _python()
    own = tuple(name for name, package in libraries.items() if package is None)
    found = [*distributions, *_inside(distributions), _bootloader(), python]
    found += [dataclasses.replace(python, files=own)] if own else []
    found += _packages(libraries)
    for each in found:
        if not each.texts:
            raise ReleaseError(f"{each.name} {each.version} is frozen, and has no licence text")
    return found


def _distributions(names: Collection[str]) -> tuple[list[Part], set[str]]:
    """Each installed distribution of which a file was frozen, and all files of these."""
    inside = {_module(name) for name in names}
    found, theirs = [], set[str]()
    for each in sorted(importlib.metadata.distributions(), key=lambda each: each.name.lower()):
        files = {str(file) for file in each.files or ()}
        if {_module(file) for file in files if file.endswith(_SUFFIXES)} & inside:
            theirs |= {_module(file) for file in files}
            if each.name != _OURS:
                found.append(_distribution(each))
    return found, theirs


def _distribution(found: importlib.metadata.Distribution) -> Part:
    name = found.name.lower().replace("_", "-")
    metadata = found.metadata.json
    licence = str(metadata.get("license_expression") or metadata.get("license") or "")
    return Part(
        name=name,
        version=found.version,
        texts=_texts_of(found),
        purl=PackageURL("pypi", name=name, version=found.version),
        licence=licence if len(licence) < 80 else "",  # some give the whole text
    )


def _texts_of(found: importlib.metadata.Distribution) -> dict[str, Path]:
    """Licences, notices, and what a wheel says of the libraries that were compiled into it."""
    texts = {}
    for file in found.files or ():
        folder, *below = file.parts
        if folder.endswith(".dist-info") and below and _TEXT.match(below[0]):
            texts["/".join(below).removeprefix("licenses/")] = Path(str(file.locate()))
    return texts


def _inside(distributions: Collection[Part]) -> Iterator[Part]:
    """libyaml, which PyYAML's wheel has in it: its authors and its licence are PyYAML's."""
    for each in distributions:
        if each.name == "pyyaml":
            from yaml import _yaml

            version = str(_yaml.get_version_string())
            yield Part(
                name="libyaml",
                version=version,
                texts=each.texts,
                purl=PackageURL("generic", name="libyaml", version=version),
                licence="MIT",
            )


def _bootloader() -> Part:
    """The program itself is PyInstaller's, which then runs ours."""
    made = _distribution(importlib.metadata.distribution("pyinstaller"))
    return dataclasses.replace(made, licence="")


def _python() -> Part:
    """The interpreter. Its own text, where it brings one, does not tell of what others wrote in it;
    Debian's does."""
    version = ".".join(platform.python_version_tuple()[:2])
    package = f"libpython{version}-minimal"
    text = debian.copyright_of(package)
    if text is None:
        raise ReleaseError(
            f"no text tells the licences of what is part of Python {version}: "
            f"apt-get install -y {package}, or build with the system's own python3"
        )
    own = _stdlib() / "LICENSE.txt"
    return Part(
        name="cpython",
        version=platform.python_version(),
        texts={"copyright": text, **({own.name: own} if own.is_file() else {})},
        purl=PackageURL("generic", name="cpython", version=platform.python_version()),
        licence="PSF-2.0",
    )


def _libraries(
    names: Collection[str], sources: Mapping[str, Path], theirs: Collection[str]
) -> Iterator[tuple[str, debian.Package | None]]:
    """Shared libraries of this machine by the package that they are of; None: the interpreter's."""
    for name in names:
        if ".so" not in Path(name).name or name in theirs or _is_of_python(name):
            continue
        source = sources.get(name)
        package = debian.package_of(source) if source else None
        if package is None and not (source and source.is_relative_to(sys.base_prefix)):
            raise ReleaseError(f"{name} is frozen from {source}, which is of no Debian package")
        yield name, package


def _packages(libraries: Mapping[str, debian.Package | None]) -> Iterator[Part]:
    for package in sorted({each for each in libraries.values() if each is not None}):
        text = debian.copyright_of(package.name)
        yield Part(
            name=package.name,
            version=package.version,
            texts={"copyright": text} if text else {},
            purl=PackageURL("deb", debian.distribution(), package.name, package.version),
            files=tuple(sorted(name for name, of in libraries.items() if of == package)),
        )


def _refuse_unknown(
    names: Collection[str], theirs: Collection[str], libraries: Collection[str]
) -> None:
    for name in names:
        if not (_module(name) in theirs or name in libraries or _is_of_python(name)):
            raise ReleaseError(f"{name} is frozen, and nobody knows whose it is")


def _is_of_python(name: str) -> bool:
    path = name.partition("/lib-dynload/")[2]
    if path:
        return (_stdlib() / "lib-dynload" / path).exists()
    return (_stdlib() / f"{_module(name)}.py").exists() or name == "base_library.zip"


def _stdlib() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _module(path: str) -> str:
    """A file of a package without its suffix, so that click/core.py is click/core.pyc."""
    return path.removesuffix(Path(path).suffix) if path.endswith((".py", ".pyc")) else path
