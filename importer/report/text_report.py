"""The report for people: verdict first, then each image, then what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from importer.investigation import Investigation
from importer.recovery.plan import (
    BlobPlan,
    BlobStatus,
    Fidelity,
    ImagePlan,
    ImageStatus,
    Output,
    Plan,
)
from importer.report.downloads import Download, downloads_of
from importer.report.json_report import summary
from importer.report.page import Page, Styled
from importer.rules.catalogue import rule_explaining
from importer.rules.rule import Finding, Severity
from importer.rules.wording import bytes_of, path_of, title_of

_STYLES: Final = {
    "error": "bold red",
    "warning": "yellow",
    "info": "dim",
    ImageStatus.INTACT: "bold green",
    ImageStatus.REPAIRABLE: "bold yellow",
    ImageStatus.INCOMPLETE: "bold red",
    BlobStatus.OK: "green",
    BlobStatus.REPAIRED: "yellow",
    BlobStatus.CONTENT_OK: "yellow",
    BlobStatus.MISSING: "red",
    BlobStatus.DAMAGED: "red",
}
_MARKS: Final = {
    BlobStatus.OK: ("✔", "+"),
    BlobStatus.REPAIRED: ("✚", "*"),
    BlobStatus.CONTENT_OK: ("✚", "*"),
    BlobStatus.MISSING: ("✖", "x"),
    BlobStatus.DAMAGED: ("✖", "x"),
}
_STATES: Final = {
    BlobStatus.OK: "ok",
    BlobStatus.REPAIRED: "repaired",
    BlobStatus.CONTENT_OK: "content ok",
    BlobStatus.MISSING: "missing",
    BlobStatus.DAMAGED: "damaged",
}
_SHOWN_OF_A_RULE: Final = 5


@dataclass(frozen=True, slots=True)
class TextReport:
    """Prints an investigation.

    Args:
        page: where to; its encoding decides which marks can be used.
        verbose: show what is in order, too.
    """

    page: Page
    verbose: bool = False

    def print(self, investigation: Investigation) -> None:
        """Print the whole report."""
        plan = investigation.case.plan
        self.page.line(Styled(_verdict(plan, len(investigation.case.inventory.facts)), "bold"))
        for image in plan.images:
            self.page.line()
            self._print_image(image)
        self._print_findings(investigation.findings)
        self._print_downloads(downloads_of(plan, investigation.question.origin))
        self.page.line()
        self.page.line(_summary_line(investigation))

    def _print_image(self, image: ImagePlan) -> None:
        state = Styled(image.status.value.upper(), _STYLES[image.status])
        self.page.line(Styled(title_of(image), "bold"), f"   {image.platform or ''}   ", state)
        if image.manifest_digest:
            self.page.line(f"  manifest {image.manifest_digest}")
        if image.image_id:
            self.page.line(f"  image id {image.image_id}")
        if image.status is ImageStatus.INTACT and not self.verbose:
            self.page.line(f"  {_contents(image)}: all here, as they should be")
        else:
            for blob in image.all_blobs:
                self._print_blob(image, blob)
        self.page.line(f"  can be written as: {_outputs(image)}")

    def _print_blob(self, image: ImagePlan, blob: BlobPlan) -> None:
        mark = _MARKS[blob.status][not self.page.has_symbols]
        rule = rule_explaining(blob.cause) if blob.cause else None
        path = path_of(blob)
        state = Styled(f"{mark} {_STATES[blob.status]:<11}", _STYLES[blob.status])
        said = f"{rule.code} {rule.name}" if rule else ""
        self.page.line(
            "  ", state, f"{_label(image, blob):<14} {_short(blob.descriptor.size):>9}  ", path or "-", f"  {said}"
        )

    def _print_findings(self, findings: tuple[Finding, ...]) -> None:
        shown = [f for f in findings if self.verbose or f.rule.severity is not Severity.INFO]
        if shown:
            self.page.line()
            self.page.line(Styled("What was found", "bold"))
        for _, group in groupby(shown, key=lambda finding: finding.rule.code):
            self._print_group(list(group))

    def _print_group(self, group: list[Finding]) -> None:
        shown = group if self.verbose else group[:_SHOWN_OF_A_RULE]
        for finding in shown:
            rule, seen = finding.rule, finding.observation
            head = Styled(f"{rule.severity} {rule.code} {rule.name}", _STYLES[rule.severity.value])
            self.page.line("  ", head, f"  {seen.path}" if seen.path else "")
            self.page.line(f"    {seen.message}")
            self.page.line(f"    next: {seen.remedy}")
        if len(group) > len(shown):
            self.page.line(f"  … and {len(group) - len(shown)} more {group[0].rule.name}; -v lists them all")

    def _print_downloads(self, downloads: tuple[Download, ...]) -> None:
        if not downloads:
            return
        self.page.line()
        self.page.line(Styled(f"Download again ({len(downloads)})", "bold"))
        for download in downloads:
            have = f", {bytes_of(download.have)} of them are here" if download.have else ""
            self.page.line(f"  {download.file_name}  {bytes_of(download.size)}{have}")
            for path in download.paths:
                self.page.line(f"    {path}")
            if download.command:
                self.page.line(f"    {download.command}")


def _verdict(plan: Plan, files: int) -> str:
    if not plan.images:
        return f"No image: none of {files} files is a manifest. Save manifest.json from the folder of the layers, too."
    states = [image.status for image in plan.images]
    count = f"{len(states)} images" if len(states) > 1 else "The image"
    if all(state is ImageStatus.INTACT for state in states):
        return f"{count}: intact, every byte is here."
    lost = sum(state is ImageStatus.INCOMPLETE for state in states)
    if not lost:
        return f"{count}: damaged, but nothing is lost: all can be written from what is here."
    return f"{count}: {lost} can't be recovered from these files alone; see below what to download again."


def _contents(image: ImagePlan) -> str:
    layers, children = len(image.layers), len(image.blobs)
    if image.parsed and not image.config_blob:
        return f"{children} manifests of the index"
    return f"config and {layers} layer" + ("" if layers == 1 else "s")


def _outputs(image: ImagePlan) -> str:
    return " · ".join(_output(image, output) for output in Output)


def _output(image: ImagePlan, output: Output) -> str:
    name = output.value.replace("-", " ")
    match image.fidelity(output):
        case Fidelity.EXACT:
            return f"{name} (exact)"
        case Fidelity.SAME_IMAGE:
            return f"{name} (same image id, new manifest digest: --allow-new-digest)"
    return f"{name} (no)"


def _label(image: ImagePlan, blob: BlobPlan) -> str:
    if blob.position is None:
        return str(blob.role)
    return f"{blob.role} {blob.position + 1} of {sum(other.role is blob.role for other in image.blobs)}"


def _short(size: int) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size //= 1000
    return f"{size} {unit}"


def _summary_line(investigation: Investigation) -> str:
    return "; ".join(_summary_parts(summary(investigation)))


def _summary_parts(counts: dict[str, int]) -> Iterator[str]:
    states = ", ".join(f"{counts[state.value]} {state.value}" for state in ImageStatus)
    yield f"{counts['images']} image{'' if counts['images'] == 1 else 's'}: {states}"
    yield f"{counts['files']} file{'' if counts['files'] == 1 else 's'}, {bytes_of(counts['bytes'])}"
