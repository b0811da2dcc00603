"""What is in the archive, as a CycloneDX bill of materials."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion

from release import archive
from release.licences import FOLDER
from release.parts import Part
from release.version import ReleaseError, moment, version


def build(frozen: Path, archived: Path, parts: Iterable[Part]) -> Path:
    """The bill of *archived*, which holds *parts* in the folder *frozen*, beside it.

    Each component names the folder of its licence in the archive.
    """
    digest = archive.sha256(archived)
    components = list(_components(parts, frozen))
    bom = Bom(components=components)
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
    bom.register_dependency(bom.metadata.component, components)
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    # Here, since its import takes seconds: it compiles grammars.
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ReleaseError(f"the bill of materials is not valid: {problem}")
    target = archived.with_name(archived.name.removesuffix(".tar.gz") + ".cdx.json")
    target.write_text(f"{text}\n", encoding="utf-8")
    return target


def _components(parts: Iterable[Part], frozen: Path) -> Iterator[Component]:
    for part in parts:
        if not part.files:
            yield _component(part, part.name, str(part.purl))
        for file in part.files:
            digest = archive.sha256(frozen / "_internal" / file)
            hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
            yield _component(part, file, file, hashes)


def _component(part: Part, name: str, ref: str, hashes: Iterable[HashType] = ()) -> Component:
    licences = [LicenseFactory().make_from_string(part.licence)] if part.licence else []
    return Component(
        name=name,
        version=part.version,
        type=ComponentType.PLATFORM if part.name == "cpython" else ComponentType.LIBRARY,
        purl=part.purl,
        bom_ref=ref,
        hashes=hashes,
        licenses=licences,
        properties=[Property(name="licenses", value=f"{FOLDER}/{part.name}")],
    )
