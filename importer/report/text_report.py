"""The report for people: verdict first, then each image, then what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from importer.domain.platform import Host
from importer.investigation import Investigation
from importer.plan.blobs import BlobPlan, BlobStatus
from importer.plan.fidelity import Fidelity, ImageStatus, fidelity, status_of
from importer.plan.images import ImagePlan
from importer.plan.titles import label_of
from importer.report.downloads import Download, downloads_of
from importer.report.json_report import summary
from importer.report.next_steps import next_steps
from importer.report.page import Page, Paper, Styled
from importer.report.remembered import told_of
from importer.report.rendering import Renderer
from importer.report.salvage_list import salvage_of
from importer.report.states import MARKS, PROOFS, STATES, Titles, short_size, worst_first
from importer.report.text_parts import print_downloads, print_findings, print_next
from importer.report.verdict import verdict_of
from importer.rules.catalogue import rule_explaining
from importer.words.text import Size, listed
from importer.writers.outputs import REPORTED, Output

_STYLES: Final = {
    ImageStatus.INTACT: "bold green",
    ImageStatus.REPAIRABLE: "bold yellow",
    ImageStatus.INCOMPLETE: "bold red",
    BlobStatus.OK: "green",
    BlobStatus.REPAIRED: "yellow",
    BlobStatus.CONTENT_OK: "yellow",
    BlobStatus.MISSING: "red",
    BlobStatus.DAMAGED: "red",
}
_SALVAGED_SHOWN: Final = 50
_NAMES_SHOWN: Final = 10


def print_report(investigation: Investigation, paper: Paper) -> None:
    """Print the report on a page."""
    titles = Titles(investigation.case.plan.images)
    _TextReport(investigation, paper.page(), paper.verbose, Renderer.of(investigation), titles).print()


@dataclass(frozen=True, slots=True)
class _TextReport:
    """Prints an investigation; the page's encoding decides which marks can be used."""

    investigation: Investigation
    page: Page
    verbose: bool
    renderer: Renderer
    titles: Titles

    def print(self) -> None:
        """Print the whole report."""
        plan = self.investigation.case.plan
        self.page.line(Styled(verdict_of(self.investigation), "bold"))
        if self.renderer.folder and self._names_files():
            self.page.line(Styled(f"in {self.renderer.folder}:", "dim"), hang=2)
        for image in worst_first(plan.images, self._host):
            self._print_image(image)
        findings = self.investigation.findings
        shown = findings if self.verbose else findings.troubles
        print_findings(self.page, shown, self.renderer, verbose=self.verbose)
        downloads = downloads_of(plan, self.investigation.question.origin)
        print_downloads(self.page, downloads)
        self.page.line()
        self.page.line("; ".join(self._summary_parts(downloads)), hang=2)
        if self.investigation.account:
            self.page.line(told_of(self.investigation.account), hang=2)
        print_next(self.page, next_steps(self.investigation))

    @property
    def _host(self) -> Host:
        return self.investigation.case.host

    def _names_files(self) -> bool:
        if self.verbose or any(
            status_of(image, self._host) is not ImageStatus.INTACT for image in self.investigation.case.plan.images
        ):
            return True
        return any(True for _ in self.investigation.findings.troubles)

    def _print_image(self, image: ImagePlan) -> None:
        status = status_of(image, self._host)
        is_brief = status is ImageStatus.INTACT and not self.verbose
        self.page.line()
        state = Styled(status.value.upper(), _STYLES[status])
        platform = f"   {image.platform}" if image.platform else ""
        title = self.titles.of(image)
        self.page.line(Styled(title, "bold"), platform, "   ", state, hang=2)
        if more := image.names[1:]:
            self.page.line(
                f"also named {listed(map(str, more), len(more) if self.verbose else _NAMES_SHOWN)}", indent=2, hang=2
            )
        # Among others, an intact image needs no more words.
        if is_brief and len(self.investigation.case.plan.images) > 1:
            return
        if image.manifest_digest:
            self.page.line(f"manifest {image.manifest_digest}", f"  ({PROOFS[image.proof]})", indent=2, hang=2)
        if image.image_id:
            self.page.line(f"image id {image.image_id}", indent=2)
        self._print_blobs(image)
        self.page.line(f"can be written by: {_outputs(image, self._host)}", indent=2, hang=2)

    def _print_blobs(self, image: ImagePlan) -> None:
        blobs = list(image.all_blobs)
        shown = [blob for blob in blobs if self.verbose or blob.status is not BlobStatus.OK]
        if not shown:
            self.page.line(f"{_contents(image)}: all present and valid", indent=2)
            return
        width = max(len(_rule_of(blob)) for blob in shown)
        for blob in shown:
            self._print_blob(image, blob, width)
        if len(shown) < len(blobs):
            rest = len(blobs) - len(shown)
            parts = f"the other {rest} parts are" if rest > 1 else "the other part is"
            self.page.line(f"{self._mark(BlobStatus.OK)} {parts} valid", indent=2)
        for salvage in salvage_of(image):
            self.page.line(salvage.heading, indent=2, hang=2)
            if salvage.command:
                self.page.line(
                    "this extracts the intact files, and the truncated one as far as it goes:", indent=4, hang=2
                )
                self.page.copyable(salvage.command, indent=6)
            for line in salvage.lines(None if self.verbose else _SALVAGED_SHOWN):
                self.page.line(line, indent=4, hang=2)

    def _print_blob(self, image: ImagePlan, blob: BlobPlan, width: int) -> None:
        state = Styled(f"{self._mark(blob.status)} {STATES[blob.status]:<11}", _STYLES[blob.status])
        path = blob.file_path
        size = f"{label_of(image, blob)!s:<14} {short_size(blob):>9}  "
        place = self.renderer.path(path) if path else "-"
        self.page.line(state, size, f"{_rule_of(blob):<{width}}  ", place, indent=2, hang=4)

    def _mark(self, status: BlobStatus) -> str:
        return MARKS[status][not self.page.has_symbols]

    def _summary_parts(self, downloads: tuple[Download, ...]) -> Iterator[str]:
        counts = summary(self.investigation)
        states = ", ".join(f"{counts[state.value]} {state.value}" for state in ImageStatus)
        yield f"{counts['images']} image{'' if counts['images'] == 1 else 's'}: {states}"
        yield f"{counts['files']} file{'' if counts['files'] == 1 else 's'}, {Size(counts['bytes'])}"
        if downloads and self.investigation.question.origin is None:
            yield "--from URL gives the commands that download"
        findings = self.investigation.findings
        remarks = len(findings) - sum(1 for _ in findings.troubles)
        if remarks and not self.verbose:
            yield f"{remarks} remark{'' if remarks == 1 else 's'} with -v"


def _rule_of(blob: BlobPlan) -> str:
    rule = rule_explaining(blob.cause) if blob.cause else None
    return f"{rule.code} {rule.name}" if rule else ""


def _contents(image: ImagePlan) -> str:
    layers, children = len(image.layers), len(image.blobs)
    if image.parsed and not image.config_blob:
        if layers:
            return f"{children} blob{'' if children == 1 else 's'} of the index"
        return f"{children} manifest{'' if children == 1 else 's'} of the index"
    return f"config and {layers} layer" + ("" if layers == 1 else "s")


def _outputs(image: ImagePlan, host: Host) -> str:
    return " · ".join(_output(image, output, host) for output in REPORTED)


def _output(image: ImagePlan, output: Output, host: Host) -> str:
    name = output.command
    match fidelity(image, output.kind, host):
        case Fidelity.EXACT:
            return f"{name} (exact)"
        case Fidelity.SAME_IMAGE:
            return f"{name} (same image id, new manifest digest: --allow-new-digest)"
    return f"{name} (no)"
