"""Finding each wanted blob: as it is, from knowledge, by a repair, by its content, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePath

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.domain.well_known import WELL_KNOWN_BLOBS
from importer.formats.decoders import can_decompress
from importer.formats.signatures import COMPRESSED_KINDS, DOCUMENT_KINDS
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory, claimed_digest, digest_in_parts, is_marker, is_sidecar
from importer.plan.blobs import BlobPlan, BlobStatus, ProvenBlob, Role
from importer.plan.causes import (
    Cause,
    Foreign,
    Gunzipped,
    Missing,
    SizeMismatch,
    Unreadable,
    UnsupportedDigest,
    WellKnown,
)
from importer.plan.content import content_of, literal, whole_file
from importer.recovery.blobs.diagnosis import diagnose, remains_of
from importer.recovery.blobs.leftovers import Leftovers
from importer.recovery.blobs.peeling import Beneath, forms_beneath
from importer.recovery.blobs.proving import Prover
from importer.recovery.blobs.repairs import ALL_REPAIRS, SINGLE_FILE_REPAIRS, Repair, Wanted
from importer.sources.source_file import SourceProblem


@dataclass(frozen=True, slots=True)
class BlobWish:
    """A descriptor, what it is for, and the diff_id its content must have."""

    descriptor: Descriptor
    role: Role
    position: int | None = None
    diff_id: Digest | None = None


class BlobFinder:
    """Looks for blobs in one inventory; a blob that several images want is looked for once.

    Args:
        inventory: what there is.
        wanted: digests that any image wants: a file with one of them is nobody else's remains.
        examiner: looks closer at files where a repair asks for it.

    Attributes:
        leftovers: the files that may be part of any of a blob.
        examiner: the same.
    """

    def __init__(self, inventory: Inventory, wanted: Iterable[Digest], examiner: Examiner) -> None:
        self._inventory = inventory
        self.examiner = examiner
        self.leftovers = Leftovers(_leftovers(inventory, frozenset(wanted)))
        self._prover = Prover(examiner)
        self._found: dict[tuple[Digest, int, Digest | None], BlobPlan] = {}

    def find(self, wish: BlobWish) -> BlobPlan:
        """Find one blob; what is found is proven by its digest."""
        key = (wish.descriptor.digest, wish.descriptor.size, wish.diff_id)
        if key not in self._found:
            self._found[key] = self._with_kinds(self._find(wish))
        known = self._found[key]
        return replace(known, role=wish.role, position=wish.position, descriptor=wish.descriptor)

    def _find(self, wish: BlobWish) -> BlobPlan:
        return (
            self._as_it_is(wish)
            or self._from_knowledge(wish)
            or self._by_repair(wish)
            or self._by_content(wish)
            or self._under_a_mishap(wish)
            or self._unfound(wish)
        )

    def _with_kinds(self, plan: BlobPlan) -> BlobPlan:
        file, made = plan.file, plan.content or plan.exact
        if plan.status is BlobStatus.OK and file:
            return replace(plan, kind=file.kind, inside=file.inside if file.kind in COMPRESSED_KINDS else file.kind)
        kind = self.examiner.kind_of(plan.exact.recipe) if plan.exact else None
        return replace(plan, kind=kind, inside=self.examiner.kind_within(made.recipe) if made else None)

    def _as_it_is(self, wish: BlobWish) -> BlobPlan | None:
        facts = self._inventory.with_digest(wish.descriptor.digest)
        if not facts:
            return None
        digest = wish.descriptor.digest
        fact = min(facts, key=lambda f: (f.file.borrowed, claimed_digest(f.file) != digest, f.file.path))
        if fact.size != wish.descriptor.size:
            return _plan(wish, BlobStatus.DAMAGED, cause=SizeMismatch(fact.size), file=fact)
        proven = replace(whole_file(fact), digest=digest)
        return _plan(wish, BlobStatus.OK, exact=proven, content=_content_of(fact, wish.diff_id), file=fact)

    def _from_knowledge(self, wish: BlobWish) -> BlobPlan | None:
        known = WELL_KNOWN_BLOBS.get(wish.descriptor.digest)
        if not known or len(known.content) != wish.descriptor.size:
            return None
        proven = literal(known.content)
        return _plan(wish, BlobStatus.REPAIRED, exact=proven, cause=WellKnown(known.description))

    def _by_repair(self, wish: BlobWish) -> BlobPlan | None:
        return self._repaired(wish, self.leftovers, ALL_REPAIRS)

    def _repaired(self, wish: BlobWish, candidates: Leftovers, repairs: Sequence[Repair]) -> BlobPlan | None:
        descriptor = wish.descriptor
        if not descriptor.digest.is_checkable:
            return None
        is_document = descriptor.is_json or wish.role is Role.CONFIG
        wanted = Wanted(descriptor, candidates, is_document, self.examiner)
        for repair in repairs:
            for attempt in repair(wanted):
                if attempt.is_proven or self._prover.proves(attempt.recipe, descriptor):
                    proven = ProvenBlob(descriptor.digest, descriptor.size, attempt.recipe)
                    return _plan(wish, BlobStatus.REPAIRED, exact=proven, cause=attempt.cause, file=attempt.file)
        return None

    def _by_content(self, wish: BlobWish) -> BlobPlan | None:
        if wish.diff_id is None or not wish.diff_id.is_checkable:
            return None
        for fact in self._inventory.with_digest(wish.diff_id):
            plain = replace(whole_file(fact), digest=wish.diff_id)
            return _plan(wish, BlobStatus.CONTENT_OK, content=plain, cause=_why_only_content(wish), file=fact)
        for fact in self._inventory.with_content(wish.diff_id):
            packed = _content_of(fact, wish.diff_id)
            cause = _why_only_content(wish, repacked=True)
            return _plan(wish, BlobStatus.CONTENT_OK, content=packed, cause=cause, file=fact)
        return None

    def _under_a_mishap(self, wish: BlobWish) -> BlobPlan | None:
        """Find it in what comes to light when mishaps are undone: as it is, by a repair, or by its content."""
        return self._revealed(wish) or self._repaired_beneath(wish) or self._content_beneath(wish)

    def _revealed(self, wish: BlobWish) -> BlobPlan | None:
        descriptor = wish.descriptor
        for form in self._beneath.like(descriptor) if descriptor.digest.is_checkable else ():
            if self._prover.proves(form.facts.file.address, descriptor):
                proven = ProvenBlob(descriptor.digest, descriptor.size, form.facts.file.address)
                *earlier, last = form.mishaps
                return _plan(
                    wish, BlobStatus.REPAIRED, exact=proven, cause=last, earlier=tuple(earlier), file=form.facts
                )
        return None

    def _repaired_beneath(self, wish: BlobWish) -> BlobPlan | None:
        plan = self._repaired(wish, self._beneath.files, SINGLE_FILE_REPAIRS)
        form = self._beneath.form_of(plan.file) if plan and plan.file else None
        return replace(plan, earlier=form.mishaps) if plan and form else None

    def _content_beneath(self, wish: BlobWish) -> BlobPlan | None:
        for form in self._beneath.holding(wish.diff_id) if wish.diff_id else ():
            facts = form.facts
            plain = wish.diff_id if facts.digest == wish.diff_id else None
            content = replace(whole_file(facts), digest=plain) if plain else _content_of(facts, wish.diff_id)
            if content:
                cause = _why_only_content(wish, repacked=not plain)
                return _plan(
                    wish, BlobStatus.CONTENT_OK, content=content, cause=cause, earlier=form.mishaps, file=facts
                )
        return None

    @cached_property
    def _beneath(self) -> Beneath:
        return Beneath(forms_beneath(self.leftovers.facts, self.examiner))

    def _unfound(self, wish: BlobWish) -> BlobPlan:
        descriptor = wish.descriptor
        fact = remains_of(descriptor, self.leftovers, self._beneath.files)
        if fact:
            form = self._beneath.form_of(fact)
            earlier = form.mishaps if form else ()
            return _plan(wish, BlobStatus.DAMAGED, cause=diagnose(descriptor, fact), earlier=earlier, file=fact)
        if not descriptor.digest.is_checkable:
            return _plan(wish, BlobStatus.MISSING, cause=UnsupportedDigest())
        if problem := self._problems.get(descriptor.digest):
            return _plan(wish, BlobStatus.DAMAGED, cause=Unreadable(problem.reason), path=problem.path)
        if descriptor.web_urls:
            return _plan(wish, BlobStatus.MISSING, cause=Foreign(descriptor.web_urls))
        return _plan(wish, BlobStatus.MISSING, cause=Missing())

    @cached_property
    def _problems(self) -> Mapping[Digest, SourceProblem]:
        """What can't be read, by the digests in the names; the first of several."""
        named = ((digest_in_parts(PurePath(problem.path).parts), problem) for problem in self._inventory.problems)
        return {digest: problem for digest, problem in reversed([*named]) if digest}


def _leftovers(inventory: Inventory, wanted: frozenset[Digest]) -> tuple[FileFacts, ...]:
    return tuple(
        fact
        for fact in inventory.facts
        if not wanted.intersection(fact.digests) and not is_sidecar(fact.file) and _may_be_remains(fact)
    )


def _may_be_remains(fact: FileFacts) -> bool:
    # Among a hundred thousand strangers only these can be parts, forms or ruins of a blob.
    named = claimed_digest(fact.file) is not None or is_marker(fact.file)
    return named or can_decompress(fact.kind) or fact.kind in DOCUMENT_KINDS or not fact.file.borrowed


def _why_only_content(wish: BlobWish, *, repacked: bool = False) -> Cause:
    # Under a digest that can't be computed, the file may well be the blob itself.
    return Gunzipped(repacked=repacked) if wish.descriptor.digest.is_checkable else UnsupportedDigest()


def _content_of(fact: FileFacts, diff_id: Digest | None) -> ProvenBlob | None:
    content = content_of(fact)
    return content if content and content.digest == diff_id else None


def _plan(wish: BlobWish, status: BlobStatus, **facts: object) -> BlobPlan:
    return replace(
        BlobPlan(wish.role, wish.descriptor, status, position=wish.position, diff_id=wish.diff_id),
        **facts,  # type: ignore[arg-type]
    )
