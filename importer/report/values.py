"""What the JSON report says, as frozen values: the same names, the same texts (``schemas/scan-report.schema.json``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from importer.errors import ExitCode
from importer.investigation import Investigation
from importer.plan.blobs import BlobStatus, Role
from importer.plan.fidelity import ImageStatus
from importer.plan.images import ImageKind, ImagePlan, Proof
from importer.report.exit_codes import exit_code_of
from importer.report.json_report import as_json, report
from importer.report.next_steps import NextStep
from importer.rules.rule import Certainty, Safety, Severity


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that an image wants.

    Attributes:
        position: of a layer, counted from 0 as in the manifest.
        digest: None for a manifest that nobody knows the digest of.
        size: in bytes.
        path: the file that holds it, or what is left of it.
        rule: the name of the rule that explains its state.
    """

    role: Role
    position: int | None
    digest: str | None
    size: int
    status: BlobStatus
    path: str | None
    rule: str | None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Blob:
        """From an entry of the JSON report."""
        return cls(
            Role(entry["role"]),
            entry["position"],
            entry["digest"],
            entry["size"],
            BlobStatus(entry["status"]),
            entry["path"],
            entry["rule"],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Outputs(Mapping[str, str]):
    """By the name of an output, how true it would be: ``exact``, ``same-image`` or ``none``."""

    pairs: tuple[tuple[str, str], ...]

    def __hash__(self) -> int:
        return hash(frozenset(self.pairs))

    def __getitem__(self, output: str) -> str:
        return dict(self.pairs)[output]

    def __iter__(self) -> Iterator[str]:
        return (output for output, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True, slots=True)
class Image:
    """An image, an index of images or an artifact, and how it fares.

    Attributes:
        name: the first of its names; None when nothing tells one.
        manifest_digest: None when the manifest's bytes aren't here.
        image_id: the digest of the config; None for what is no container image.
        parent: the digest of an index that it belongs to.
        outputs: what each command would write of it with no further option.
        blobs: the manifest and all that it wants.
        case: where it was found; not part of the report.
        plan: the same image, as those see it who write it; not part of the report.
    """

    name: str | None
    names: tuple[str, ...]
    kind: ImageKind
    media_type: str
    manifest_digest: str | None
    image_id: str | None
    platform: str | None
    parent: str | None
    status: ImageStatus
    proof: Proof
    outputs: Outputs
    blobs: tuple[Blob, ...]
    case: Investigation = field(repr=False, compare=False)
    plan: ImagePlan = field(repr=False, compare=False)

    @classmethod
    def of(cls, entry: Mapping[str, Any], case: Investigation, plan: ImagePlan) -> Image:
        """From an entry of the JSON report, and what that was made of."""
        return cls(
            name=entry["name"],
            names=tuple(entry["names"]),
            kind=ImageKind(entry["kind"]),
            media_type=entry["media_type"],
            manifest_digest=entry["manifest_digest"],
            image_id=entry["image_id"],
            platform=entry["platform"],
            parent=entry["parent"],
            status=ImageStatus(entry["status"]),
            proof=Proof(entry["proof"]),
            outputs=Outputs(tuple(entry["outputs"].items())),
            blobs=tuple(map(Blob.of, entry["blobs"])),
            case=case,
            plan=plan,
        )


@dataclass(frozen=True, slots=True)
class Fix:
    """What is done about a finding, or what to do next, and whether that keeps the image's identity."""

    safety: Safety
    summary: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has seen.

    Attributes:
        code, rule: of the rule; both are stable.
        image: the manifest digest of the image that it is about.
    """

    code: str
    rule: str
    severity: Severity
    certainty: Certainty
    path: str | None
    digest: str | None
    image: str | None
    message: str
    fix: Fix

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Finding:
        """From an entry of the JSON report."""
        return cls(
            code=entry["code"],
            rule=entry["rule"],
            severity=Severity(entry["severity"]),
            certainty=Certainty(entry["certainty"]),
            path=entry["path"],
            digest=entry["digest"],
            image=entry["image"],
            message=entry["message"],
            fix=Fix(Safety(entry["fix"]["safety"]), entry["fix"]["summary"]),
        )


@dataclass(frozen=True, slots=True)
class Download:
    """Something to fetch again.

    Attributes:
        size: in bytes; 0 where nothing tells it.
        have: bytes of it that are here and good to go on from.
        reason: the name of the rule that explains why.
        file_name: what Artifactory calls it.
        paths: where it lies: in Artifactory's storage, and in the registry API.
        command: a command line that fetches it; None when the server isn't known.
    """

    digest: str
    size: int
    have: int
    reason: str
    file_name: str
    paths: tuple[str, ...]
    command: str | None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Download:
        """From an entry of the JSON report."""
        return cls(**{**entry, "paths": tuple(entry["paths"])})


@dataclass(frozen=True, slots=True)
class Unread:
    """What of the input could not be looked into.

    Attributes:
        advice: how to get at it; may be empty.
        bytes: its size, where it is known.
    """

    path: str
    reason: str
    advice: str
    bytes: int | None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Unread:
        """From an entry of the JSON report."""
        return cls(**entry)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a download; its parts are those of ``blobfix scan --format json``.

    Attributes:
        images: indexes first, then by name and digest.
        downloads: what to fetch again.
        unread: what of the input could not be looked into.
        next: commands that lead on.
        exit_code: that of ``blobfix scan``.
        case: what the report was made of.
    """

    images: tuple[Image, ...]
    findings: tuple[Finding, ...]
    downloads: tuple[Download, ...]
    unread: tuple[Unread, ...]
    next: tuple[NextStep, ...]
    exit_code: ExitCode
    case: Investigation = field(repr=False, compare=False)

    def to_json(self) -> str:
        """The text that ``blobfix scan --format json`` prints."""
        return as_json(self.case)

    @classmethod
    def of(cls, case: Investigation) -> Report:
        """All that the JSON report says of an investigation, and what to do next."""
        told = report(case)
        plans = case.case.plan.images
        return cls(
            images=tuple(Image.of(entry, case, plan) for entry, plan in zip(told["images"], plans, strict=True)),
            findings=tuple(map(Finding.of, told["findings"])),
            downloads=tuple(map(Download.of, told["downloads"])),
            unread=tuple(map(Unread.of, told["unread"])),
            next=tuple(NextStep(**entry) for entry in told["next"]),
            exit_code=exit_code_of(case.case),
            case=case,
        )
