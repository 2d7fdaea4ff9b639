"""Images as HTML reports show them: each in a card of its own, or many in an overview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.investigation import Investigation
from importer.plan.blobs import BlobPlan, BlobStatus, InvalidBlob, LostBlob, Role
from importer.plan.fidelity import Fidelity, ImageStatus, fidelity, status_of
from importer.plan.images import ImagePlan
from importer.plan.titles import label_of
from importer.report.html_overview import Overview, Part, Row, Segment
from importer.report.rendering import Renderer
from importer.report.salvage_list import SalvageList, salvage_of
from importer.report.shopping_list import Listed
from importer.report.states import MARKS, PROOFS, STATES, Titles, short_size, worst_first
from importer.rules.catalogue import rule_explaining
from importer.rules.rule import Finding, Rule
from importer.words.text import Size, listed
from importer.writers.outputs import REPORTED

_FIDELITIES: Final = {
    Fidelity.EXACT: "exact",
    Fidelity.SAME_IMAGE: "same image id, new manifest digest",
    Fidelity.NONE: "not from what is here",
}
_NAMES_SHOWN: Final = 10
_LEGEND: Final = {status.value: (MARKS[status][0], STATES[status]) for status in BlobStatus}


@dataclass(frozen=True, slots=True)
class BlobView:
    """One blob as the report draws it; ``good`` is how much of it is here, in percent."""

    label: str
    number: int | None
    state: str
    state_text: str
    mark: str
    size: int
    short_size: str
    good: int
    rule: Rule | None
    path: str | None
    digest: Digest


@dataclass(frozen=True, slots=True)
class ImageView:
    """One image as the report draws it."""

    title: str
    image: ImagePlan
    status: ImageStatus
    layers: tuple[BlobView, ...]
    blobs: tuple[BlobView, ...]
    outputs: tuple[tuple[str, str, str], ...]
    salvage: tuple[SalvageList, ...]
    proof: str

    @property
    def picture(self) -> str:
        """The drawing of the layers in words."""
        parts = (f"{layer.label}: {layer.short_size}, {layer.state_text}" for layer in self.layers)
        return f"Layers, lowest first: {'; '.join(parts)}"

    @property
    def legend(self) -> tuple[tuple[str, str, str], ...]:
        """The states of the layers, each once: class, mark, word."""
        return tuple(dict.fromkeys((layer.state, layer.mark, layer.state_text) for layer in self.layers))


@dataclass(frozen=True, slots=True)
class ImageViews:
    """Makes the views of an investigation's images.

    Attributes:
        have: how much of the blobs to download again is here, in bytes.
    """

    titles: Titles
    have: dict[Digest, int]
    host: Host

    def of(self, image: ImagePlan) -> ImageView:
        """One image's."""
        blobs = tuple(_blob(image, blob, self.have) for blob in image.all_blobs)
        layers = tuple(view for view, blob in zip(blobs, image.all_blobs, strict=True) if blob.role is Role.LAYER)
        outputs = tuple(
            (output.name.replace("-", " "), str(truth := fidelity(image, output.kind, self.host)), _FIDELITIES[truth])
            for output in REPORTED
        )
        status = status_of(image, self.host)
        salvage = tuple(salvage_of(image))
        return ImageView(self.titles.of(image), image, status, layers, blobs, outputs, salvage, PROOFS[image.proof])


def overview_of(
    investigation: Investigation, views: ImageViews, renderer: Renderer, downloads: tuple[Listed, ...]
) -> Overview:
    """The table of all images; ``downloads`` are those that the page doesn't show at first."""
    images, found = worst_first(investigation.case.plan.images, views.host), _by_manifest(investigation.findings.named)

    def rows() -> Iterator[Row]:
        return (_row(views.of(image), found.get(image.manifest.descriptor.digest, ()), renderer) for image in images)

    return Overview(
        title="images",
        states=Counter(status_of(image, views.host) for image in images),
        rows=rows,
        filter="Name or digest contains",
        columns=("platform", "parts lost", "size"),
        legend=_LEGEND,
        bar="layers, lowest first",
        renderer=renderer,
        downloads=downloads,
    )


def _by_manifest(findings: Sequence[Finding]) -> dict[Digest, list[Finding]]:
    found: dict[Digest, list[Finding]] = {}
    for finding in findings:
        if image := finding.observation.image:
            found.setdefault(image.manifest.descriptor.digest, []).append(finding)
    return found


def _row(view: ImageView, findings: Sequence[Finding], renderer: Renderer) -> Row:
    lost = sum(blob.state in (BlobStatus.MISSING, BlobStatus.DAMAGED) for blob in view.blobs)
    odd = [blob for blob in view.blobs if blob.state != BlobStatus.OK]
    valid = len(view.blobs) - len(odd)
    image = view.image
    return Row(
        name=view.title,
        state=view.status,
        cells=(
            str(image.platform or ""),
            f"{lost:,} of {len(view.blobs):,}",
            Size(sum(blob.size for blob in view.blobs)).short,
        ),
        segments=tuple(Segment(layer.size, layer.state, layer.good) for layer in view.layers),
        facts=tuple(_facts(view)),
        parts=tuple(_part(blob, renderer) for blob in odd),
        rest=f"{valid:,} {'part is' if valid == 1 else 'parts are'} valid" if valid else "",
        findings=findings,
    )


def _facts(view: ImageView) -> Iterator[tuple[str, str]]:
    image = view.image
    if image.manifest_digest:
        yield "manifest", f"{image.manifest_digest} ({view.proof})" if view.proof else str(image.manifest_digest)
    if image.image_id:
        yield "image id", str(image.image_id)
    if more := image.names[1:]:
        yield "also named", str(listed(map(str, more), _NAMES_SHOWN))
    for name, _, text in view.outputs:
        yield name, text


def _part(blob: BlobView, renderer: Renderer) -> Part:
    place = renderer.path(blob.path) if blob.path else str(blob.digest)
    return Part(blob.state, blob.label, blob.short_size, blob.rule, place)


def _blob(image: ImagePlan, blob: BlobPlan, have: dict[Digest, int]) -> BlobView:
    size = blob.descriptor.size
    lost = isinstance(blob, LostBlob | InvalidBlob)
    good = 100 * have.get(blob.descriptor.digest, 0) // max(size, 1) if lost else 100
    return BlobView(
        label=" · ".join(str(part) for part in (label_of(image, blob), blob.descriptor.platform) if part),
        number=None if blob.position is None else blob.position + 1,
        state=blob.status.value,
        state_text=STATES[blob.status],
        mark=MARKS[blob.status][0],
        size=size,
        short_size=short_size(blob),
        good=min(good, 100),
        rule=rule_explaining(blob.cause) if blob.cause else None,
        path=blob.file_path,
        digest=blob.descriptor.digest,
    )
