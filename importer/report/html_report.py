"""The report of a scan as one HTML file to attach to a ticket."""

from __future__ import annotations

from typing import Any, Final

from importer.investigation import Investigation
from importer.report.downloads import downloads_of
from importer.report.html_findings import sections_of
from importer.report.html_images import ImageViews, overview_of
from importer.report.html_page import print_page
from importer.report.json_report import summary
from importer.report.next_steps import next_steps
from importer.report.page import Paper
from importer.report.remembered import told_of
from importer.report.rendering import Renderer
from importer.report.shopping_list import entries_of
from importer.report.states import Titles, worst_first, worst_state
from importer.report.verdict import verdict_of

_FEW: Final = 50
"""So many images have each a card of its own; more of them can't be read one below the other."""

_DOWNLOADS_SHOWN: Final = 100
"""So many entries of the shopping list a page with many images shows at first."""


def print_report(investigation: Investigation, paper: Paper) -> None:
    """Print the report as one document."""
    content = _content(investigation)
    scripts = ["report.js", "overview.js"] if content["overview"] else ["report.js"]
    print_page("report.html.j2", paper, scripts, content)


def _content(investigation: Investigation) -> dict[str, Any]:
    plan, host, renderer = investigation.case.plan, investigation.case.host, Renderer.of(investigation)
    downloads = downloads_of(plan, investigation.question.origin)
    views = ImageViews(Titles(plan.images), {download.digest: download.have for download in downloads}, host)
    entries = entries_of(downloads)
    is_many = len(plan.images) > _FEW
    at_first = _DOWNLOADS_SHOWN if is_many else len(entries)
    return {
        "verdict": verdict_of(investigation),
        "state": str(worst_state(investigation.case) or "nothing"),
        "inputs": [place.shown("") for place in investigation.question.places],
        "renderer": renderer,
        "images": [] if is_many else [views.of(image) for image in worst_first(plan.images, host)],
        "overview": overview_of(investigation, views, renderer, entries[at_first:]) if is_many else None,
        "sections": sections_of([("What was found", investigation.findings)]),
        "next": next_steps(investigation),
        "downloads": entries[:at_first],
        "downloads_count": len(entries),
        "summary": summary(investigation),
        "remembered": told_of(investigation.account) if investigation.account else "",
    }
