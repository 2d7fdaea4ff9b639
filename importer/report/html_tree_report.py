"""The report about a storage tree as one HTML file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from importer.plan.fidelity import ImageStatus
from importer.report.html_findings import sections_of
from importer.report.html_overview import Overview, Row, Segment
from importer.report.html_page import print_page
from importer.report.page import Paper
from importer.report.remembered import told_of
from importer.report.rendering import Renderer
from importer.report.shopping_list import Listed, entries_of
from importer.report.space_text import advice_of, caution_of, told_of_uploads, totals_of
from importer.report.tree_report import TreeReport, served_by, without_remarks
from importer.rules.catalogue import find_in_tree
from importer.storage_tree.concerned import by_repository
from importer.storage_tree.defects import Defect
from importer.storage_tree.diagnosis import RepositoryCensus
from importer.storage_tree.space import RepositorySpace
from importer.tree_checkup import Checkup
from importer.words.text import Size

_LEGEND: Final = {
    "shared": ("▤", "shared with other repositories"),
    "own": ("■", "own"),
    "unneeded": ("▨", "unneeded by any tag"),
}
_COUNTED: Final = ("tags served", "manifests served", "defects")
_WORST_FIRST: Final = (ImageStatus.INCOMPLETE, ImageStatus.REPAIRABLE, ImageStatus.INTACT)
_DOWNLOADS_SHOWN: Final = 100


def print_tree_report(report: TreeReport, paper: Paper) -> None:
    """Print the report as one document."""
    print_page("tree.html.j2", paper, ["report.js", "overview.js"], _content(report))


def _content(report: TreeReport) -> dict[str, Any]:
    entries, now = entries_of(report.downloads), report.now
    left = [("Remaining defects", report.left.findings)] if report.left else []
    return {
        "verdict": report.verdict(),
        "state": str(ImageStatus.INCOMPLETE if report.is_refused else _state_of(now.defects)),
        "inputs": [report.found.store.shown("")],
        "renderer": Renderer(),
        "served": "" if report.is_refused else served_by(now),
        "notes": [*([told_of(report.account)] if report.account else []), *report.what_changed()],
        "next": report.next_steps(),
        "downloads": entries[:_DOWNLOADS_SHOWN],
        "downloads_count": len(entries),
        "totals": totals_of(now.space) if now.space else (),
        "cautions": caution_of(now.space) if now.space and not report.is_sound else (),
        "advice": advice_of(now.space) if now.space and report.is_sound else "",
        "overview": None if report.is_refused else _overview(now, entries[_DOWNLOADS_SHOWN:]),
        "sections": sections_of([*left, ("What was found", report.found.findings)]),
    }


def _overview(checkup: Checkup, downloads: tuple[Listed, ...]) -> Overview:
    found = by_repository(without_remarks(checkup.defects), checkup.repositories)
    all_found = by_repository(checkup.defects, checkup.repositories)
    spaces = {each.name: each for each in checkup.space.repositories} if checkup.space else {}
    states = {each.name: _state(each, found.get(each.name, ()), checkup) for each in checkup.repositories}

    def badness(each: RepositoryCensus) -> tuple[int, int, int, str]:
        space = spaces.get(each.name)
        unneeded = space.unneeded + space.uploads.size if space else 0
        return _WORST_FIRST.index(states[each.name]), -len(found.get(each.name, ())), -unneeded, each.name

    def rows() -> Iterator[Row]:
        for each in sorted(checkup.repositories, key=badness):
            space = spaces.get(each.name)
            yield Row(
                name=each.name,
                state=states[each.name],
                cells=(
                    f"{each.tags_served:,} of {each.tags:,}",
                    f"{each.manifests_served:,} of {each.manifests:,}",
                    f"{len(found.get(each.name, ())):,}",
                    *((Size(size).short for size in (space.shared, space.own, space.unneeded)) if space else ()),
                ),
                segments=tuple(_segments(space)) if space else (),
                facts=tuple(_facts(space)) if space else (),
                findings=find_in_tree(all_found.get(each.name, ()), is_cache=checkup.is_cache),
            )

    return Overview(
        title="repositories",
        states=Counter(states.values()),
        rows=rows,
        filter="Name contains",
        columns=(*_COUNTED, *_LEGEND),
        legend=_LEGEND,
        bar="bytes",
        scale=max((each.shared + each.own + each.unneeded for each in spaces.values()), default=0),
        downloads=downloads,
    )


def _state(repository: RepositoryCensus, defects: Sequence[Defect], checkup: Checkup) -> ImageStatus:
    is_served = (repository.tags, repository.manifests) == (repository.tags_served, repository.manifests_served)
    # What a repository needs and what could not be read is a defect of the blobs alone.
    if not defects and not is_served and not checkup.is_cache:
        return ImageStatus.INCOMPLETE
    return _state_of(defects)


def _state_of(defects: Iterable[Defect]) -> ImageStatus:
    serious = without_remarks(defects)
    if any(defect.is_loss for defect in serious):
        return ImageStatus.INCOMPLETE
    return ImageStatus.REPAIRABLE if serious else ImageStatus.INTACT


def _segments(space: RepositorySpace) -> Iterator[Segment]:
    for state, size in zip(_LEGEND, (space.shared, space.own, space.unneeded), strict=True):
        yield Segment(size, state)


def _facts(space: RepositorySpace) -> Iterator[tuple[str, str]]:
    for (_, meaning), size in zip(_LEGEND.values(), (space.shared, space.own, space.unneeded), strict=True):
        yield meaning, str(Size(size))
    if space.links:
        yield "links to layers that no manifest names", f"{space.links:,}"
    if space.uploads.count:
        yield "unfinished uploads", f"{told_of_uploads(space.uploads)}: {Size(space.uploads.size)}"
