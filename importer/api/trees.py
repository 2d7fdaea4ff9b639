"""``check_tree``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from importer.api.arguments import places_of, typed
from importer.errors import ExitCode, InputError, OutputError
from importer.places.durability import Durability
from importer.places.named import AnyPath, place_of
from importer.places.opener import Opener
from importer.progress import Progress, SilentProgress
from importer.report import tree_report
from importer.report.json_report import download_as_json, finding_as_json
from importer.report.values import Download, Finding
from importer.storage_tree.contents import Remembered
from importer.tree_checkup import TreeQuestion, mended
from importer.tree_checkup import check_tree as check_up
from importer.work.engines import executor_of


@dataclass(frozen=True, slots=True)
class TreeReport:
    """What was found in a registry's storage; its parts are those of ``blobfix repair-tree --format json``.

    Attributes:
        findings: what is wrong; after ``apply``, what is left.
        downloads: what is wanted and nowhere.
        exit_code: that of ``blobfix repair-tree``.
        case: what the report was made of.
        remembered: what was read of the tree, so that ``apply`` need not read it again.
        opener: has the copies of the archives that blobs are taken from.
    """

    findings: tuple[Finding, ...]
    downloads: tuple[Download, ...]
    exit_code: ExitCode
    case: tree_report.TreeReport = field(repr=False, compare=False)
    remembered: Remembered = field(repr=False, compare=False)
    opener: Opener = field(repr=False, compare=False)

    def to_json(self) -> str:
        """The text that ``blobfix repair-tree --format json`` prints."""
        return self.case.as_json() + "\n"

    def apply(self, *, progress: Progress | None = None, sync: bool = True) -> TreeReport:
        """Mend what can be proven, as ``repair-tree --apply`` does, and tell how the tree is then.

        ``sync``: whether each step is on the disk before the next one. Raises OutputError when another repair is at
        work or the system refuses; VerificationError and InputError when a source has changed. What is done by then
        stays, and may be gone on with.
        """
        found = self.case.now
        with typed(OutputError), executor_of(None, progress or SilentProgress(), self.opener) as executor:
            left = mended(found, executor, Durability(is_wanted=sync), self.remembered)
            return _tree_report(tree_report.TreeReport(found, left), self.remembered, self.opener)


def check_tree(
    root: AnyPath, *, blobs: Iterable[AnyPath] = (), quick: bool = False, progress: Progress | None = None
) -> TreeReport:
    """Look at a registry's storage and explain what is wrong, as ``blobfix repair-tree`` does; changes nothing.

    Args:
        root: the folder that is mounted at ``/var/lib/registry``.
        blobs: places that may hold what is missing.
        quick: whether only links and sizes are looked at.
        progress: is told of each stretch of work and of its bytes; None: nobody is.

    Raises UsageError and NoImageError for what is no such folder, and InputError for what can't be read.
    """
    remembered: Remembered = {}
    with typed(InputError), executor_of(None, progress or SilentProgress()) as executor:
        found = check_up(TreeQuestion(place_of(root), places_of(blobs), quick), executor, remembered)
        return _tree_report(tree_report.TreeReport(found), remembered, executor.tools.opener)


def _tree_report(case: tree_report.TreeReport, remembered: Remembered, opener: Opener) -> TreeReport:
    return TreeReport(
        findings=tuple(Finding.of(finding_as_json(finding)) for finding in case.now.findings),
        downloads=tuple(Download.of(download_as_json(download)) for download in case.downloads),
        exit_code=case.exit_code,
        case=case,
        remembered=remembered,
        opener=opener,
    )
