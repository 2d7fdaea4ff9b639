"""Makes small images as downloaded folders, and asks the rules about them through the real pipeline."""

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.inspection.inspector import Inspector
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import known_digests
from importer.progress import SilentProgress
from importer.recovery.examination import Depth, examine
from importer.recovery.planning import make_plan
from importer.recovery.unread import unread_input
from importer.rules.catalogue import find_all
from importer.rules.rule import Case, Finding, Severity
from importer.sources.folder import FolderSource

HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def noise(size: int, seed: str = "noise") -> bytes:
    """Bytes that no compressor makes smaller, the same ones each time."""
    blocks = (hashlib.sha256(f"{seed}{number}".encode()).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def tar_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def blob_name(content: bytes) -> str:
    return digest_of(content).replace(":", "__")


def descriptor(media_type: str, content: bytes, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(content), "digest": digest_of(content), **more}


def as_json(value: Any, indent: int | None = 3) -> bytes:
    return json.dumps(value, indent=indent, separators=None if indent else (",", ":")).encode()


@dataclass
class Image:
    """An image of two layers; every part may be changed before it is written."""

    tars: list[bytes] = field(
        default_factory=lambda: [tar_of("bin/tool", noise(9000)), tar_of("etc/config", noise(3000, "other"))]
    )
    layers: list[bytes] = field(default_factory=list)
    layer_types: list[str] = field(default_factory=list)
    architecture: str = "amd64"
    config: bytes = b""
    manifest: bytes = b""

    def __post_init__(self) -> None:
        self.layers = self.layers or [gzip.compress(tar, mtime=0) for tar in self.tars]
        self.layer_types = self.layer_types or [media_types.DOCKER_LAYER_GZIP] * len(self.layers)
        self.config = self.config or as_json(self.config_value(), indent=None)
        self.manifest = self.manifest or as_json(self.manifest_value())

    def config_value(self) -> dict[str, Any]:
        diff_ids = [digest_of(tar) for tar in self.tars]
        rootfs = {"type": "layers", "diff_ids": diff_ids}
        return {"architecture": self.architecture, "os": "linux", "config": {}, "rootfs": rootfs}

    def manifest_value(self) -> dict[str, Any]:
        return {
            "schemaVersion": 2,
            "mediaType": media_types.DOCKER_MANIFEST,
            "config": descriptor(media_types.DOCKER_CONFIG, self.config),
            "layers": [
                descriptor(media_type, layer) for media_type, layer in zip(self.layer_types, self.layers, strict=True)
            ],
        }

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_bytes(self.manifest)
        for blob in (self.config, *self.layers):
            (folder / blob_name(blob)).write_bytes(blob)
        return folder

    def layer_path(self, folder: Path, position: int = 0) -> Path:
        return folder / blob_name(self.layers[position])


def index_of(*children: tuple[bytes, str]) -> bytes:
    """An index of manifests, each with its platform, as in ``linux/amd64``."""
    entries = []
    for manifest, platform in children:
        system, architecture = platform.split("/")
        entries.append(
            descriptor(media_types.DOCKER_MANIFEST, manifest, platform={"os": system, "architecture": architecture})
        )
    return as_json({"schemaVersion": 2, "mediaType": media_types.DOCKER_MANIFEST_LIST, "manifests": entries})


def case_of(*paths: Path, borrowed: Path | None = None, given: tuple[Digest, ...] = (), deep: bool = True) -> Case:
    sources = [FolderSource(path) for path in paths]
    sources += [FolderSource(borrowed, borrowed=True)] if borrowed else []
    inspector = Inspector(2, SilentProgress())
    inspection = inspector.inspect(sources)
    inventory = Inventory.of(inspection.facts, inspection.problems)
    inventory = examine(inventory, Depth(every_layer=deep), inspector, SilentProgress())
    known = known_digests(inventory, given)
    plan = make_plan(inventory, known)
    case = Case(inventory, known, plan)
    return replace(case, unread=unread_input(inventory, plan, case.host, map(str, paths)))


def findings_of(*paths: Path, **more: Any) -> tuple[Finding, ...]:
    return find_all(case_of(*paths, **more))


def troubles(findings: tuple[Finding, ...]) -> list[str]:
    """The codes of errors and warnings, repeated as often as they occur."""
    return [finding.rule.code for finding in findings if finding.severity is not Severity.INFO]


def remarks(findings: tuple[Finding, ...]) -> list[str]:
    """The codes of severity info, without the one that every lone manifest has."""
    codes = [finding.rule.code for finding in findings if finding.severity is Severity.INFO]
    return [code for code in codes if code != "BF307"]


def said_of(finding: Finding) -> str:
    """The message in its plain form."""
    return str(finding.observation.message)


def advised_by(finding: Finding) -> str:
    """The remedy in its plain form."""
    return str(finding.observation.remedy)
