"""What is in the archive, as a CycloneDX bill of materials."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import uuid
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release import archive
from release.version import ReleaseError, moment, version

_SUFFIXES = (".py", ".pyc", ".so", ".pyd")


def build(frozen: Path, archived: Path) -> Path:
    """The bill of *archived*, which holds the folder *frozen*, beside it."""
    digest = archive.sha256(archived)
    parts = [*_distributions(frozen), _python(), *_libraries(frozen)]
    bom = Bom(components=parts)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, digest)
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(moment(), datetime.UTC)
    bom.metadata.component = Component(
        name="kubectl-liqo-shortcut",
        version=version(),
        type=ComponentType.APPLICATION,
        bom_ref="kubectl-liqo-shortcut",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    bom.register_dependency(bom.metadata.component, parts)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ReleaseError(f"the bill of materials is not valid: {problem}")
    target = archived.with_name(archived.name.removesuffix(".tar.gz") + ".cdx.json")
    target.write_text(f"{text}\n", encoding="utf-8")
    return target


def _distributions(frozen: Path) -> Iterator[Component]:
    """Each installed distribution of which a file was frozen."""
    inside = {_module(name) for name in archive.files_under(frozen / "_internal")}
    for each in sorted(importlib.metadata.distributions(), key=lambda each: each.name.lower()):
        modules = {_module(str(file)) for file in each.files or () if file.suffix in _SUFFIXES}
        if not modules & inside or each.name == "kubectl-liqo-shortcut":
            continue
        name = each.name.lower().replace("_", "-")
        purl = PackageURL("pypi", name=name, version=each.version)
        metadata = each.metadata.json
        licence = str(metadata.get("license_expression") or metadata.get("license") or "")
        made = LicenseFactory().make_from_string(licence) if 0 < len(licence) < 80 else None
        yield Component(
            name=each.name,
            version=each.version,
            type=ComponentType.LIBRARY,
            purl=purl,
            bom_ref=str(purl),
            licenses=[made] if made else [],
        )


def _module(path: str) -> str:
    """A file of a package without its suffix, so that click/core.py is click/core.pyc."""
    return path.removesuffix(Path(path).suffix) if path.endswith((".py", ".pyc")) else path


def _python() -> Component:
    return Component(
        name="cpython",
        version=platform.python_version(),
        type=ComponentType.PLATFORM,
        bom_ref="cpython",
        licenses=[LicenseFactory().make_from_string("PSF-2.0")],
    )


def _libraries(frozen: Path) -> Iterator[Component]:
    """Shared libraries of the machine it was frozen on."""
    for path in sorted((frozen / "_internal").glob("lib*")):
        if path.is_file():
            yield Component(
                name=path.name,
                type=ComponentType.LIBRARY,
                bom_ref=path.name,
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=archive.sha256(path))],
            )
