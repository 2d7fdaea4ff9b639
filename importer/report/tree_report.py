"""The report about a storage tree, for people and for scripts (``schemas/tree-report.schema.json``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import importer
from importer.errors import ExitCode
from importer.places.changes import SET_ASIDE
from importer.places.store import EntryKind, kind_at
from importer.report.downloads import Download
from importer.report.exit_codes import INCOMPLETE, INTACT, REPAIRABLE, USAGE
from importer.report.json_pieces import json_text
from importer.report.json_report import download_as_json, finding_as_json
from importer.report.next_steps import NextStep
from importer.report.page import Page, Styled
from importer.report.remembered import account_as_json, told_of
from importer.report.rendering import Renderer
from importer.report.space_text import lines_of_space, space_as_json
from importer.report.text_parts import print_downloads, print_findings, print_next
from importer.report.tree_downloads import downloads_of_tree
from importer.rules.rule import Finding, Severity
from importer.storage_tree.defects import Defect, NotRegistryStorage
from importer.storage_tree.diagnosis import Census
from importer.storage_tree.steps import MoveBlob, WriteBlob
from importer.tree_checkup import Checkup
from importer.words.printable import as_unicode, for_shell
from importer.words.text import Size
from importer.work.remembering import Account

SCHEMA_VERSION: Final = 1
_RESTART: Final = "Restart the registry: it caches the sizes of blobs that it has served."


@dataclass(frozen=True, slots=True)
class TreeReport:
    """What was found and, after a repair, what is left.

    Attributes:
        found: the first look.
        left: the look after the repair; None when nothing was to be changed.
        account: what was read now, where a state was kept.
    """

    found: Checkup
    left: Checkup | None = None
    account: Account | None = None

    @property
    def now(self) -> Checkup:
        """How things stand."""
        return self.left or self.found

    @property
    def is_refused(self) -> bool:
        """Whether this is another kind of store, of which nothing was looked at or changed."""
        return self._refusal is not None

    @property
    def _refusal(self) -> NotRegistryStorage | None:
        return next((defect for defect in self.found.defects if isinstance(defect, NotRegistryStorage)), None)

    @property
    def exit_code(self) -> ExitCode:
        """The code for how things stand."""
        if self.is_refused:
            return USAGE
        if not self.now.defects:
            return INTACT
        return INCOMPLETE if any(defect.is_loss for defect in self.now.defects) else REPAIRABLE

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong any more that has to be mended."""
        return not without_remarks(self.now.defects)

    @property
    def needs_restart(self) -> bool:
        """Whether a blob was, or would be, replaced that a registry may have served already."""
        return any(isinstance(step, WriteBlob | MoveBlob) for defect in self.found.defects for step in defect.steps)

    @property
    def downloads(self) -> tuple[Download, ...]:
        """What is wanted and nowhere."""
        return downloads_of_tree(self.now.defects)

    def as_json(self) -> str:
        """The report as one JSON document."""
        return json_text(self._values())

    def _values(self) -> dict[str, Any]:
        question = self.found.question
        return {
            "schema_version": SCHEMA_VERSION,
            "blobfix": importer.__version__,
            "root": as_unicode(self.found.store.shown("")),
            "quick": question.quick,
            "applied": self.left is not None,
            "findings": [finding_as_json(finding) for finding in self.found.findings],
            "left": [finding_as_json(finding) for finding in self.now.findings],
            "downloads": [download_as_json(download) for download in self.downloads],
            "restart": self.needs_restart,
            "next": [{"command": step.command, "purpose": step.purpose} for step in self.next_steps()],
            **({"space": space_as_json(self.now.space)} if self.now.space else {}),
            "summary": _summary(self.now.census, len(self.found.defects), len(self.now.defects)),
            **({"subset": {"share": question.subset.text, "hashed": self.now.hashed}} if question.subset else {}),
            **({"checksums": {"hashed": self.now.hashed}} if question.checksums else {}),
            **({"state": account_as_json(self.account)} if self.account else {}),
        }

    def print(self, page: Page, *, verbose: bool) -> None:
        """Print the report for people."""
        page.line(Styled(self.verdict(), "bold"))
        print_findings(page, _shown(self.found, verbose=verbose), Renderer(), verbose=verbose)
        if self.left and self.left is not self.found:
            left = _shown(self.left, verbose=verbose)
            print_findings(page, left, Renderer(), verbose=verbose, title="Remaining defects")
        print_downloads(page, self.downloads)
        if not self.is_refused:
            page.line()
            page.line(served_by(self.now), "" if verbose else self._remarks())
            if self.account:
                page.line(told_of(self.account), hang=2)
            for line in self.what_changed():
                page.line(line)
        if self.now.space:
            page.line()
            for line in lines_of_space(self.now.space, is_sound=self.is_sound):
                page.line(line)
        print_next(page, self.next_steps())

    def verdict(self) -> str:
        """The one sentence that comes first: how the tree is, or what has become of its defects."""
        if refusal := self._refusal:
            root = self.found.store.shown("")
            return f"{root} is {refusal.kind}, not a registry's storage (BF509); nothing was touched."
        count = _counted(len(self.found.defects), "defect")
        if not self.found.defects:
            return _without_defects(self.found)
        if self.left:
            left = without_remarks(self.left.defects)
            return f"{count} found; " + (f"{_counted(len(left), 'defect')} left." if left else "all repaired.")
        lost = sum(defect.is_loss for defect in self.found.defects)
        if lost:
            return f"{count} found; {lost} can't be repaired from what is here."
        return f"{count} found; nothing is lost: {self._mendable()} can be repaired from what is here."

    def _mendable(self) -> str:
        mendable = sum(bool(defect.steps) for defect in self.found.defects)
        return "all" if mendable == len(self.found.defects) else f"{mendable:,}"

    def _remarks(self) -> str:
        """How many findings are not printed, since nothing has to be done about them."""
        remarks = sum(finding.severity is Severity.INFO for finding in self.found.findings)
        return f"; {_counted(remarks, 'remark')} with -v" if remarks else ""

    def next_steps(self) -> list[NextStep]:
        """The commands that lead on: the repair, then what tells of the rest."""
        root = for_shell(self.found.store.shown(""))
        steps = []
        if self.left is None and any(defect.steps for defect in self.found.defects):
            lent = [word for place in self.found.question.blobs for word in ("--blobs", for_shell(place.shown("")))]
            command = " ".join(["blobfix", "repair-tree", root, *lent, "--apply"])
            steps.append(NextStep(command, "repair what can be repaired from what is here"))
        loss = next((finding for finding in self.now.findings if finding.severity is Severity.ERROR), None)
        if loss and not steps and not self.is_refused:
            named = f"{loss.rule.code} {loss.rule.name}"
            steps.append(NextStep(f"blobfix explain {loss.rule.code}", f"explain {named}"))
        return [*steps, NextStep(f"blobfix scan {root}", "list the images in it, and whether they are complete")]

    def what_changed(self) -> list[str]:
        """What a repair has done, or would do, besides."""
        if self.left is None:
            mendable = any(defect.steps for defect in self.found.defects)
            return ["Nothing was changed; --apply repairs what can be repaired."] if mendable else []
        lines = [_RESTART] if self.needs_restart else []
        if kind_at(self.found.store, SET_ASIDE) is EntryKind.FOLDER:
            lines.append(
                f"Entries removed from the tree are in {SET_ASIDE} under the root; delete that folder once "
                "everything works."
            )
        return lines


def _without_defects(checkup: Checkup) -> str:
    """Only a tree of which every byte was read is called valid."""
    question = checkup.question
    if question.quick:
        return "No defects found; layers were not hashed (--quick)."
    if question.subset or question.checksums:
        is_all = not question.checksums or checkup.hashed >= checkup.census.blobs
        others = "" if is_all else ", the others only looked up in --checksums"
        return f"No defects found; {checkup.hashed:,} of {_counted(checkup.census.blobs, 'blob')} hashed{others}."
    return "The tree is valid."


def _shown(checkup: Checkup, *, verbose: bool) -> list[Finding]:
    return [finding for finding in checkup.findings if verbose or finding.severity is not Severity.INFO]


def without_remarks(defects: Iterable[Defect]) -> list[Defect]:
    """The defects that are none to leave as they are."""
    return [defect for defect in defects if not defect.is_remark]


def _summary(census: Census, found: int, left: int) -> dict[str, int]:
    return {
        "found": found,
        "left": left,
        "repositories": census.repositories,
        "tags": census.tags,
        "tags_served": census.tags_served,
        "manifests": census.manifests,
        "manifests_served": census.manifests_served,
        "blobs": census.blobs,
        "bytes": census.size,
    }


def served_by(checkup: Checkup) -> str:
    """What of a tree can be served, and how much of it was looked at."""
    census, question = checkup.census, checkup.question
    has_others = (question.subset or question.checksums) and checkup.hashed < census.blobs
    checked, served = "all hashed", "Can be served in full"
    if question.quick or has_others:
        served = "As far as was checked, can be served in full"
    if question.quick:
        checked = "blobs were not hashed (--quick)"
    elif has_others and question.subset:
        checked = f"{checkup.hashed:,} of them hashed (--read-subset {question.subset.text})"
    elif has_others:
        checked = f"{checkup.hashed:,} of them hashed, the others are whole by --checksums"
    return (
        f"{served}: {census.tags_served} of {_counted(census.tags, 'tag')}, "
        f"{census.manifests_served} of {_counted(census.manifests, 'manifest')} "
        f"in {_counted(census.repositories, 'repository', 'repositories')}; "
        f"{_counted(census.blobs, 'blob')}, {Size(census.size)}, {checked}"
    )


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
