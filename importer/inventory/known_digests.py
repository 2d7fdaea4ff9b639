"""Digests that were known before any file was read, and where the knowledge comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from importer.domain.digest import Digest
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import DIGEST_HEADER, STATED_DIGEST, FileFacts
from importer.inspection.inspecting import SIDECAR_ALGORITHMS
from importer.inventory.inventory import Inventory, claimed_digest, described_file, is_sidecar

# Forms: the bare hex, `hex  name` (sha256sum), `SHA256 (name) = hex` (BSD, openssl), in either case. The name may
# hold a digest, too, and another than the one that is told.
_BSD: Final = re.compile(r"\s*[a-z0-9-]+ ?\(.*\) ?= ?(.*)")
_HEX: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32,128}(?![0-9a-f])")
_HEX_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
_MAX_SIDECAR: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file that tells a neighbour's digest."""

    facts: FileFacts
    target: FileFacts
    digest: Digest

    @property
    def agrees(self) -> bool:
        """Whether the neighbour has that digest."""
        return self.digest in self.target.digests


@dataclass(frozen=True, slots=True)
class KnownDigests:
    """What is known of the input from outside of its bytes.

    Attributes:
        sidecars: files with a neighbour's digest.
        given: digests the user gave, each of a manifest.
    """

    sidecars: tuple[Sidecar, ...]
    given: tuple[Digest, ...]
    _by_target: Mapping[str, Sequence[Sidecar]] = field(repr=False)

    def expected_of(self, fact: FileFacts) -> Mapping[Digest, str]:
        """The sha256 digests that a file should have, each with where it is known from."""
        told = self._by_target.get(fact.file.path, ())
        expected = {s.digest: f"its sidecar {s.facts.file.name}" for s in told if s.target is fact}
        if header := fact.properties.get(DIGEST_HEADER):
            expected.setdefault(Digest.parse(header), "the server's headers, which were saved with it")
        if stated := fact.properties.get(STATED_DIGEST):
            expected.setdefault(Digest.parse(stated), "the output of docker manifest inspect")
        claimed = claimed_digest(fact.file)
        if claimed:
            named = "its name" if Digest.from_name(fact.file.name) else "its folder's name"
            expected.setdefault(claimed, named)
        return {digest: reason for digest, reason in expected.items() if digest.is_checkable}


def known_digests(inventory: Inventory, given: Iterable[Digest], examiner: Examiner) -> KnownDigests:
    """Collect them from the inventory's sidecars and the user's word."""
    sidecars = tuple(_sidecars(inventory, examiner))
    by_target: dict[str, list[Sidecar]] = {}
    for sidecar in sidecars:
        by_target.setdefault(sidecar.target.file.path, []).append(sidecar)
    return KnownDigests(sidecars, tuple(given), by_target)


def _sidecars(inventory: Inventory, examiner: Examiner) -> Iterable[Sidecar]:
    for fact in inventory.facts:
        yield from _notes(inventory, fact)
        if not is_sidecar(fact.file):
            continue
        ending = next(ending for ending in SIDECAR_ALGORITHMS if fact.file.name.lower().endswith(ending))
        target = inventory.at(fact.file.path[: -len(ending)])
        digest = _digest_in(_text_of(fact, examiner), target.file.name, SIDECAR_ALGORITHMS[ending]) if target else None
        if target and digest:
            yield Sidecar(fact, target, digest)


def _text_of(sidecar: FileFacts, examiner: Examiner) -> str:
    content = examiner.head_of(sidecar.file.address, _MAX_SIDECAR) or b""
    # Digests are ASCII: without its zeros, PowerShell's UTF-16 reads the same.
    return content.replace(b"\0", b"").decode("utf-8", "replace").lower()


def _digest_in(text: str, name: str, algorithm: str) -> Digest | None:
    """The digest that a sidecar's text tells: of the line with the file's name, else of the first one with a digest."""
    lines = sorted(text.splitlines(), key=lambda line: name.lower() not in line)
    found = (hexes[0] for line in lines if (hexes := _hexes_in(line, name.lower(), _HEX_LENGTHS[algorithm])))
    digits = next(found, None)
    return Digest(algorithm, digits) if digits else None


def _hexes_in(line: str, name: str, length: int) -> list[str]:
    told = _BSD.fullmatch(line)
    texts = [told[1]] if told else [line.replace(name, " "), line]
    return [digits for text in texts for digits in _HEX.findall(text) if len(digits) == length]


def _notes(inventory: Inventory, fact: FileFacts) -> Iterable[Sidecar]:
    """The digests that Artifactory or Nexus have noted of another file."""
    target = described_file(inventory, fact)
    if target is None:
        return
    noted = [fact.properties.get("docker.manifest.digest", "")]
    noted += _blob_digests(fact.properties.get("@BlobStore.blob-name", ""))
    noted += [f"sha256:{fact.properties['sha256']}"] if "sha256" in fact.properties else []
    for text in dict.fromkeys(noted):
        try:
            yield Sidecar(fact, target, Digest.parse(text))
        except ValueError:
            continue


def _blob_digests(name: str) -> Iterable[str]:
    last = name.rpartition("/")[2]
    return (last,) if last.startswith(("sha256:", "sha512:")) else ()
