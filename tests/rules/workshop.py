"""Asks the rules about folders, through the real pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from importer.domain.digest import Digest
from importer.inspection.examiner import Examiner
from importer.inspection.inspecting import inspect
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import known_digests
from importer.places.folder_store import FolderStore
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.recovery.examination import Depth, examine
from importer.recovery.planning import make_plan
from importer.recovery.unread import unread_input
from importer.rules.catalogue import find_all
from importer.rules.rule import Case, Finding, Severity
from importer.sources.stored_files import StoredFiles
from importer.work.executor import ThreadExecutor


def case_of(*paths: Path, borrowed: Path | None = None, given: tuple[Digest, ...] = (), deep: bool = True) -> Case:
    sources = [StoredFiles(FolderStore(path)) for path in paths]
    sources += [StoredFiles(FolderStore(borrowed), borrowed=True)] if borrowed else []
    executor = ThreadExecutor(2, SilentProgress(), Opener())
    inspection = inspect(sources, executor)
    examiner = Examiner(executor.tools)
    inventory = Inventory.of(inspection.facts, inspection.problems)
    inventory = examine(inventory, Depth(every_layer=deep), executor)
    known = known_digests(inventory, given, examiner)
    plan = make_plan(inventory, known, executor)
    case = Case(inventory, known, plan)
    return replace(case, unread=unread_input(inventory, plan, case.host, map(str, paths)))


def findings_of(*paths: Path, **more: Any) -> tuple[Finding, ...]:
    return tuple(find_all(case_of(*paths, **more)))


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
