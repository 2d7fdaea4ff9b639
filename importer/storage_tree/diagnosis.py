"""From a tree and its contents to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from importer.domain import storage_paths as paths
from importer.domain.digest import Digest
from importer.domain.reference import is_repository
from importer.places.store import EntryKind, kind_at
from importer.plan.blobs import Role
from importer.storage_tree.contents import Contents
from importer.storage_tree.defects import (
    BlobDamaged,
    BlobMisplaced,
    Defect,
    EntryUnreadable,
    LinkDangling,
    RepositoryMisnamed,
    RootMisplaced,
    StrayEntry,
)
from importer.storage_tree.repository_diagnosis import RepositoryDiagnosis
from importer.storage_tree.steps import MakeFolder, Relocate, SetAside, Step, WriteLink, places_of
from importer.storage_tree.stock import Stock
from importer.storage_tree.tree import Area, LinkRole, Repository, Tree
from importer.storage_tree.wants import Wants


@dataclass(frozen=True, slots=True)
class RepositoryCensus:
    """What one repository serves; the numbers mean what they mean in ``Census``.

    Attributes:
        lacks: blobs that it needs and that aren't in their places.
    """

    name: str
    tags: int
    tags_served: int
    manifests: int
    manifests_served: int
    lacks: frozenset[Digest] = frozenset()


@dataclass(frozen=True, slots=True)
class Census:
    """What the tree serves.

    Attributes:
        repositories: how many there are.
        tags, tags_served: how many there are, and of how many everything is in its place.
        manifests, manifests_served: the same of manifests.
        blobs, size: blobs in their places, and their bytes.
    """

    repositories: int = 0
    tags: int = 0
    tags_served: int = 0
    manifests: int = 0
    manifests_served: int = 0
    blobs: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, and what is served all the same, in all and by repository."""

    defects: tuple[Defect, ...]
    census: Census
    repositories: tuple[RepositoryCensus, ...] = ()


def diagnose(tree: Tree, contents: Contents, stock: Stock) -> Diagnosis:
    """Look at everything that was read."""
    diagnostician = _Diagnostician(tree, contents, stock)
    defects = tuple(replace(_kept_inside(tree, d), path=_shown_path(tree, d)) for d in diagnostician.defects())
    return Diagnosis(defects, diagnostician.census, tuple(diagnostician.repositories))


def _kept_inside(tree: Tree, defect: Defect) -> Defect:
    """The defect without steps that the store can't carry out, or that a link would lead out of the tree.

    What is outside are another owner's files.
    """
    if not tree.layout.store.has_folders and any(isinstance(step, MakeFolder | Relocate) for step in defect.steps):
        return replace(defect, steps=())
    if any(tree.layout.leads_out(place) for step in defect.steps for place in places_of(step)):
        return replace(defect, steps=(), leads_out=True)
    return defect


def _shown_path(tree: Tree, defect: Defect) -> str | None:
    if defect.path is None or isinstance(defect, RootMisplaced):
        return defect.path
    return tree.layout.key(defect.path)


class _Diagnostician:
    def __init__(self, tree: Tree, contents: Contents, stock: Stock) -> None:
        self._tree = tree
        self._contents = contents
        self._stock = stock
        self._wants = Wants()
        self.repositories: list[RepositoryCensus] = []

    @property
    def census(self) -> Census:
        """What is served of the repositories whose defects were told."""
        told = self.repositories
        return Census(
            repositories=len(self._tree.repositories),
            tags=sum(each.tags for each in told),
            tags_served=sum(each.tags_served for each in told),
            manifests=sum(each.manifests for each in told),
            manifests_served=sum(each.manifests_served for each in told),
            blobs=len(self._tree.blobs),
            size=sum(self._tree.blobs.values()),
        )

    def defects(self) -> Iterator[Defect]:
        for now, right in self._tree.layout.misplaced:
            if kind_at(self._tree.layout.store, now) is EntryKind.FOLDER:
                yield RootMisplaced(path=now, right_path=right, steps=(Relocate(now, right),))
        for repository in self._tree.repositories:
            yield from self._repository(repository)
        yield from self._damaged()
        yield from self._odd_blobs()
        yield from self._dangling()
        for stray in self._tree.strays:
            yield StrayEntry(path=stray.path, area=stray.area, reason=stray.reason, steps=(SetAside(stray.path),))
        for entry in self._tree.unreadable:
            yield EntryUnreadable(path=entry.path, reason=entry.reason)

    def _repository(self, repository: Repository) -> Iterator[Defect]:
        diagnosis = RepositoryDiagnosis(repository, self._stock, self._wants)
        found = list(diagnosis.defects())
        served = diagnosis.whole if is_repository(repository.name) else set()
        self.repositories.append(
            RepositoryCensus(
                name=repository.name,
                tags=len(repository.tags),
                tags_served=sum(digest in served for digest in repository.currents.values()),
                manifests=len(diagnosis.manifests),
                manifests_served=len(served),
                lacks=frozenset(self._wants.lacking.pop(repository.name, ())),
            )
        )
        if is_repository(repository.name):
            yield from found
        else:
            yield self._misnamed(diagnosis)
            yield from (defect for defect in found if not defect.steps and not isinstance(defect, StrayEntry))

    def _misnamed(self, diagnosis: RepositoryDiagnosis) -> Defect:
        name = diagnosis.repository.name
        right = self._by_name.get(name.lower()) or Repository(name.lower())
        clash = next((t for t, d in diagnosis.currents.items() if right.currents.get(t, d) != d), None)
        steps: list[Step] = [
            WriteLink(right.link(role, digest, tag), digest, is_tag=tag is not None)
            for role, digest, tag in diagnosis.links.all_links()
            if not right.has(role, digest, tag)
        ]
        folder = f"{paths.REPOSITORIES}/{name}"
        own = (f"{folder}/{part}" for part in (paths.LAYERS, paths.MANIFESTS, paths.UPLOADS))
        there = [SetAside(path) for path in own if self._is_there(path)]
        return RepositoryMisnamed(
            path=folder, name=name, right_name=right.name, clash=clash, steps=() if clash else (*steps, *there)
        )

    @cached_property
    def _by_name(self) -> dict[str, Repository]:
        return {repository.name: repository for repository in self._tree.repositories}

    def _is_there(self, path: str) -> bool:
        return kind_at(self._tree.layout.store, self._tree.layout.key(path)) is EntryKind.FOLDER

    def _damaged(self) -> Iterator[Defect]:
        for digest, reading in sorted(self._contents.damaged.items()):
            if digest in self._stock.elsewhere:
                continue
            need = self._wants.needs.get(digest)
            wish = self._wants.wish(digest)
            supply = self._stock.supply(digest, need)
            unwanted = (SetAside(paths.blob_path(digest)),) if self._is_in_the_way(digest) else ()
            yield BlobDamaged(
                path=paths.blob_path(digest),
                digest=digest,
                steps=self._stock.fetching(digest, need) or unwanted,
                actual=reading.digest,
                size=reading.size,
                kind=reading.kind,
                wish=wish,
                cause=supply.cause,
            )

    def _is_in_the_way(self, digest: Digest) -> bool:
        """Whether only a push would meet the blob: no manifest names it, and none is lost that could."""
        is_linked = digest in self._linked
        return self._wants.wish(digest) is None and not (is_linked and self._wants.has_lost_manifests)

    def _odd_blobs(self) -> Iterator[Defect]:
        elsewhere = self._stock.elsewhere
        for digest, place in sorted(elsewhere.items()):
            # Where other bytes lie in a blob's place, a push of it would be skipped, even if nobody wants it now.
            is_needed = self._is_wanted(digest) or digest in self._contents.damaged
            if place.is_blob_place and not is_needed:
                continue
            if place.is_claimed or is_needed:
                yield BlobMisplaced(
                    path=place.path,
                    digest=digest,
                    size=place.reading.size,
                    is_inside_another=place.is_blob_place,
                    is_replaced=digest in self._contents.damaged,
                    steps=self._stock.fetching(digest),
                )
            else:
                yield self._stray_blob(place.path, digest)
        for odd, reading in self._contents.odd:
            moved = elsewhere.get(reading.digest)
            if moved is None or moved.path != odd.path:
                yield self._stray_blob(odd.path, reading.digest)

    def _stray_blob(self, path: str, digest: Digest) -> Defect:
        return StrayEntry(path=path, digest=digest, area=Area.BLOBS, steps=(SetAside(path),))

    def _dangling(self) -> Iterator[Defect]:
        for digest in self._wants.digests:
            told = digest in self._contents.damaged or digest in self._stock.elsewhere
            wish = self._wants.wish(digest)
            if told or wish is None or self._stock.is_unreadable(digest):
                continue
            yield LinkDangling(
                path=self._link_to(digest, wish.role, wish.places[0][0]),
                digest=digest,
                wish=wish,
                steps=self._stock.fetching(digest, self._wants.needs.get(digest)),
            )

    def _link_to(self, digest: Digest, role: str, repository: str) -> str:
        of = Repository(repository)
        return of.link(LinkRole.REVISION if role == Role.MANIFEST else LinkRole.LAYER, digest)

    def _is_wanted(self, digest: Digest) -> bool:
        return self._wants.wish(digest) is not None or digest in self._linked

    @cached_property
    def _linked(self) -> set[Digest]:
        """Everything that any link names."""
        linked: set[Digest] = set()
        for repository in self._tree.repositories:
            linked |= repository.layers | repository.revisions | set(repository.currents.values())
            linked |= {odd.digest for odd in repository.odd if odd.digest}
        return linked
