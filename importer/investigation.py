"""The walk through the rooms: sources, inspection, inventory, recovery, rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from importer.domain.digest import Digest
from importer.domain.platform import Host, Platform
from importer.domain.reference import Reference
from importer.inspection.examiner import Examiner
from importer.inspection.inspecting import Capture, Inspection, inspect
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import known_digests
from importer.places.opener import Opener
from importer.places.store import Store
from importer.plan.images import Plan
from importer.recovery.blobs.contents import with_contents_read
from importer.recovery.examination import Depth, examine
from importer.recovery.layer_contents import with_layers_compared
from importer.recovery.planning import make_plan
from importer.recovery.recompress.recompressing import Effort
from importer.recovery.unread import unread_input
from importer.rules.catalogue import find_all
from importer.rules.findings import Findings
from importer.rules.rule import Case
from importer.sources.opening import open_sources
from importer.work.executor import Executor
from importer.work.remembering import Account
from importer.work.share import Share


@dataclass(frozen=True, slots=True)
class Question:
    """What the user asks.

    Attributes:
        places: where the download lies.
        borrowed: places that may lend blobs.
        digests: manifest digests the user knows.
        origin: the URL or reference from which the download came.
        platform: the one platform of an index that is asked about.
        select: the name or digest of the one image that was picked; nothing but what it needs matters then.
        name: the name that the user gives it.
        depth: how closely layers are looked at.
        effort: how much is done to compute the lost gzip of layers again.
    """

    places: tuple[Store, ...]
    borrowed: tuple[Store, ...] = ()
    digests: tuple[Digest, ...] = ()
    origin: str | None = None
    platform: Platform | None = None
    select: str | None = None
    name: Reference | None = None
    depth: Depth = field(default_factory=Depth)
    effort: Effort = field(default_factory=Effort)

    @property
    def one_image(self) -> bool:
        """Whether one image was picked."""
        return self.select is not None


@dataclass(frozen=True, slots=True)
class Investigation:
    """What was seen, planned and found; ``account`` tells what of it was read now, where a state was kept."""

    question: Question
    case: Case
    findings: Findings
    opener: Opener = field(repr=False, compare=False)
    account: Account | None = field(default=None, compare=False)


def absent_digests(question: Question, plan: Plan) -> tuple[Digest, ...]:
    """Manifest digests that the user knows and that no manifest here has."""
    here = {image.manifest.descriptor.digest for image in plan.images if image.manifest.is_here}
    return tuple(digest for digest in question.digests if digest not in here)


def investigate(
    question: Question,
    executor: Executor,
    capture: Capture | None = None,
    narrow: Callable[[Plan], Plan] = lambda plan: plan,
) -> Investigation:
    """Look at everything and explain what ``narrow`` leaves of the plan.

    Raises UsageError and InputError for places that can't be read, and what ``narrow`` raises.
    """
    case = survey(question, executor, capture)
    case = _with_unread(replace(case, plan=narrow(case.plan)), question)
    return Investigation(question, case, find_all(case), executor.tools.opener)


def survey(question: Question, executor: Executor, capture: Capture | None = None) -> Case:
    """Look at everything and plan, without a word: what a writer needs. Raises as ``investigate`` does."""
    inventory = _take_inventory(question, executor, capture)
    examiner = Examiner(executor.tools)
    known = known_digests(inventory, question.digests, examiner)
    plan = make_plan(inventory, known, executor, effort=question.effort)
    if question.depth.edited_configs:
        plan = replace(plan, images=with_contents_read(plan.images, executor))
    host = replace(Host.of_this_machine(), asked=question.platform)
    case = Case(inventory, known, plan, host=host)
    if question.depth.for_docker:
        case = replace(case, plan=with_layers_compared(plan, case.host, executor))
    return _with_unread(case, question)


def _take_inventory(question: Question, executor: Executor, capture: Capture | None) -> Inventory:
    opener = executor.tools.opener
    sources = [*open_sources(question.places, opener), *open_sources(question.borrowed, opener, borrowed=True)]
    inspection = inspect(sources, executor, capture)
    return examine(Inventory.of(inspection.facts, inspection.problems), question.depth, executor)


def read_share(question: Question, share: Share, executor: Executor) -> Inspection:
    """Read a share of the files, for an executor that remembers; raises as ``investigate`` does."""
    places = (*question.places, *question.borrowed)
    return inspect(open_sources(places, executor.tools.opener), executor, share=share)


def _with_unread(case: Case, question: Question) -> Case:
    named = (place.shown("") for place in question.places)
    return replace(case, unread=unread_input(case.inventory, case.plan, case.host, named, one_image=question.one_image))
