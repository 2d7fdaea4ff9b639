"""Finding each wanted blob: as it is, from knowledge, by a repair, by its content, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import PurePath
from typing import Any

from importer.domain.digest import Digest
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.formats.decoders import can_decompress
from importer.formats.signatures import DOCUMENT_KINDS
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory, claimed_digest, digest_in_parts, is_marker, is_sidecar
from importer.plan.blobs import (
    BlobPlan,
    ContentBlob,
    DamagedBlob,
    MissingBlob,
    PresentBlob,
    ProvenBlob,
    RepairedBlob,
    Role,
    UnreadableBlob,
    WantedBlob,
)
from importer.plan.causes import (
    Cause,
    Embedded,
    Foreign,
    Gunzipped,
    Missing,
    SizeMismatch,
    Unreadable,
    UnsupportedDigest,
    WellKnown,
)
from importer.plan.content import content_of, literal, whole_file
from importer.recovery.blobs.candidates import Candidates
from importer.recovery.blobs.diagnosis import diagnose, remains_of
from importer.recovery.blobs.encoded import loss_by_recoding
from importer.recovery.blobs.proving import TryRecipe
from importer.recovery.blobs.repairs import ALL_REPAIRS, SINGLE_FILE_REPAIRS, Repair, Wanted
from importer.recovery.blobs.unwrapping import UnwrappedFiles, unwrap_all
from importer.sources.source_file import SourceProblem
from importer.work.executor import Executor
from importer.work.rounds import Search, in_rounds
from importer.work.task import Task

_Key = tuple[Digest, int, Digest | None, bytes]


class BlobFinder:
    """Looks for blobs in one inventory; a blob that several images want is looked for once.

    Args:
        inventory: what there is.
        wanted: digests that any image wants: a file with one of them is nobody else's remains.
        executor: tries what repairs propose.

    Attributes:
        candidates: the files that may be what is left of a blob.
        examiner: looks closer at files where a repair asks for it.
    """

    def __init__(self, inventory: Inventory, wanted: Iterable[Digest], executor: Executor) -> None:
        self._inventory = inventory
        self._executor = executor
        self.examiner = Examiner(executor.tools)
        self.candidates = Candidates(_candidates(inventory, frozenset(wanted)))
        self._tried: dict[Task[Any], Any] = {}
        self._found: dict[_Key, BlobPlan] = {}

    def find(self, wanted: WantedBlob) -> BlobPlan:
        """Find one blob; what is found is proven by its digest."""
        self.find_all((wanted,))
        return replace(self._found[_key(wanted)], wanted=wanted)

    def find_all(self, wanted: Iterable[WantedBlob]) -> None:
        """Find many blobs together: what their repairs propose is tried in rounds, several at a time."""
        new = {key: each for each in wanted if (key := _key(each)) not in self._found}
        found = in_rounds(map(self._search, new.values()), self._executor, "Trying repairs", self._tried)
        self._found |= zip(new, map(self._with_kinds, found), strict=True)

    def _search(self, wanted: WantedBlob) -> Search[BlobPlan]:
        return (
            self._as_it_is(wanted)
            or self._from_knowledge(wanted)
            or (yield from self._by_repair(wanted))
            or self._by_content(wanted)
            or (yield from self._by_unwrapping(wanted))
            or self._unfound(wanted)
        )

    def _with_kinds(self, plan: BlobPlan) -> BlobPlan:
        """The plan, knowing what a blob is by its first bytes that no file is as it lies."""
        match plan:
            case RepairedBlob(exact=exact):
                kind = self.examiner.kind_of(exact.recipe)
                return replace(plan, kind=kind, inside=self.examiner.kind_within(exact.recipe))
            case ContentBlob(content=content):
                return replace(plan, inside=self.examiner.kind_within(content.recipe))
        return plan

    def _as_it_is(self, wanted: WantedBlob) -> BlobPlan | None:
        facts = self._inventory.with_digest(wanted.descriptor.digest)
        if not facts:
            return None
        digest = wanted.descriptor.digest
        fact = min(facts, key=lambda f: (f.file.borrowed, claimed_digest(f.file) != digest, f.file.path))
        if fact.size != wanted.descriptor.size:
            return DamagedBlob(wanted, fact, SizeMismatch(fact.size))
        proven = replace(whole_file(fact), digest=digest)
        return PresentBlob(wanted, proven, fact, _content_of(fact, wanted.diff_id))

    def _from_knowledge(self, wanted: WantedBlob) -> BlobPlan | None:
        if wanted.descriptor.has_own_data:
            return RepairedBlob(wanted, literal(wanted.descriptor.data), Embedded())
        known = WELL_KNOWN_BLOBS.get(wanted.descriptor.digest)
        if not known or len(known.content) != wanted.descriptor.size:
            return None
        return RepairedBlob(wanted, literal(known.content), WellKnown(known.description))

    def _by_repair(self, wanted: WantedBlob) -> Search[BlobPlan | None]:
        return self._repaired(wanted, self.candidates, ALL_REPAIRS)

    def _repaired(
        self, wanted: WantedBlob, candidates: Candidates, repairs: Sequence[Repair]
    ) -> Search[RepairedBlob | None]:
        descriptor = wanted.descriptor
        if not descriptor.digest.is_checkable:
            return None
        is_document = descriptor.is_json or wanted.role is Role.CONFIG
        lost = Wanted(descriptor, candidates, is_document, self.examiner)
        for repair in repairs:
            for attempt in repair(lost):
                if attempt.is_proven or (yield TryRecipe.of(attempt.recipe, descriptor)) == descriptor.digest:
                    proven = ProvenBlob(descriptor.digest, descriptor.size, attempt.recipe)
                    return RepairedBlob(wanted, proven, attempt.cause, attempt.file)
        return None

    def _by_content(self, wanted: WantedBlob) -> BlobPlan | None:
        if wanted.diff_id is None or not wanted.diff_id.is_checkable:
            return None
        for fact in self._inventory.with_digest(wanted.diff_id):
            plain = replace(whole_file(fact), digest=wanted.diff_id)
            return ContentBlob(wanted, plain, _why_only_content(wanted), fact)
        for fact in self._inventory.with_content(wanted.diff_id):
            if packed := _content_of(fact, wanted.diff_id):
                return ContentBlob(wanted, packed, _why_only_content(wanted, repacked=True), fact)
        return None

    def _by_unwrapping(self, wanted: WantedBlob) -> Search[BlobPlan | None]:
        """Find it in the files that were unwrapped: as it is, by a repair, or by its content."""
        return (
            (yield from self._unwrapped_as_it_is(wanted))
            or (yield from self._unwrapped_and_repaired(wanted))
            or self._unwrapped_content(wanted)
        )

    def _unwrapped_as_it_is(self, wanted: WantedBlob) -> Search[BlobPlan | None]:
        descriptor = wanted.descriptor
        for inner in self._unwrapped.like(descriptor) if descriptor.digest.is_checkable else ():
            if (yield TryRecipe.of(inner.facts.file.address, descriptor)) == descriptor.digest:
                proven = ProvenBlob(descriptor.digest, descriptor.size, inner.facts.file.address)
                *earlier, last = inner.undone
                return RepairedBlob(wanted, proven, last, inner.facts, tuple(earlier))
        return None

    def _unwrapped_and_repaired(self, wanted: WantedBlob) -> Search[BlobPlan | None]:
        plan = yield from self._repaired(wanted, self._unwrapped.files, SINGLE_FILE_REPAIRS)
        inner = self._unwrapped.of(plan.file) if plan and plan.file else None
        return replace(plan, earlier=inner.undone) if plan and inner else None

    def _unwrapped_content(self, wanted: WantedBlob) -> BlobPlan | None:
        for inner in self._unwrapped.holding(wanted.diff_id) if wanted.diff_id else ():
            facts = inner.facts
            plain = wanted.diff_id if facts.digest == wanted.diff_id else None
            content = replace(whole_file(facts), digest=plain) if plain else _content_of(facts, wanted.diff_id)
            if content:
                cause = _why_only_content(wanted, repacked=not plain)
                return ContentBlob(wanted, content, cause, facts, inner.undone)
        return None

    @cached_property
    def _unwrapped(self) -> UnwrappedFiles:
        return UnwrappedFiles(unwrap_all(self.candidates.facts, self.examiner, self._executor))

    def _unfound(self, wanted: WantedBlob) -> BlobPlan:
        descriptor = wanted.descriptor
        fact = remains_of(descriptor, self.candidates, self._unwrapped.shown)
        if fact:
            inner = self._unwrapped.of(fact)
            earlier = inner.undone if inner else ()
            cause = loss_by_recoding(fact, self.examiner) or diagnose(descriptor, fact)
            return DamagedBlob(wanted, fact, cause, earlier)
        if not descriptor.digest.is_checkable:
            return MissingBlob(wanted, UnsupportedDigest())
        if problem := self._problems.get(descriptor.digest):
            return UnreadableBlob(wanted, Unreadable(problem.reason), problem.path)
        if descriptor.web_urls:
            return MissingBlob(wanted, Foreign(descriptor.web_urls))
        return MissingBlob(wanted, Missing())

    @cached_property
    def _problems(self) -> Mapping[Digest, SourceProblem]:
        """What can't be read, by the digests in the names; the first of several."""
        named = ((digest_in_parts(PurePath(problem.path).parts), problem) for problem in self._inventory.problems)
        return {digest: problem for digest, problem in reversed([*named]) if digest}


def _key(wanted: WantedBlob) -> _Key:
    return wanted.descriptor.digest, wanted.descriptor.size, wanted.diff_id, wanted.descriptor.data


def _candidates(inventory: Inventory, wanted: frozenset[Digest]) -> tuple[FileFacts, ...]:
    return tuple(
        fact
        for fact in inventory.facts
        if not wanted.intersection(fact.digests) and not is_sidecar(fact.file) and _may_be_remains(fact)
    )


def _may_be_remains(fact: FileFacts) -> bool:
    # Among a hundred thousand strangers only these can be parts, forms or ruins of a blob.
    named = claimed_digest(fact.file) is not None or is_marker(fact.file)
    return named or can_decompress(fact.kind) or fact.kind in DOCUMENT_KINDS or not fact.file.borrowed


def _why_only_content(wanted: WantedBlob, *, repacked: bool = False) -> Cause:
    # Under a digest that can't be computed, the file may well be the blob itself.
    return Gunzipped(repacked=repacked) if wanted.descriptor.digest.is_checkable else UnsupportedDigest()


def _content_of(fact: FileFacts, diff_id: Digest | None) -> ProvenBlob | None:
    content = content_of(fact)
    return content if content and content.digest == diff_id else None
