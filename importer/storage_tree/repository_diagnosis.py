"""What is wrong with one repository's links, and what it wants of the blobs.

What should be linked is told by the links that are there, right or wrong, by the tags, and by the
manifests that these lead to. A link's digest comes from its folder's name, else from its text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from importer.domain import storage_paths as paths
from importer.domain.digest import Digest
from importer.plan.blobs import Role
from importer.storage_tree.defects import (
    ChildMissing,
    Defect,
    LayersFolderMissing,
    LinkMalformed,
    LinkMisplaced,
    LinkMissing,
    RevisionInvalid,
    StrayEntry,
)
from importer.storage_tree.documents import Manifest, Need
from importer.storage_tree.manifest_remarks import remarks
from importer.storage_tree.promised_links import PromisedLinks
from importer.storage_tree.steps import MakeFolder, SetAside, Step
from importer.storage_tree.stock import Stock
from importer.storage_tree.tree import Area, LinkRole, OddLink, Repository
from importer.storage_tree.wants import Wants


@dataclass(slots=True)
class RepositoryDiagnosis:
    """The diagnosis of one repository: run ``defects`` to its end, then the other answers are there.

    Attributes:
        repository: what was read.
        stock: where blobs are.
        wants: is told of every blob that is wanted and isn't in its place.
        whole: manifests of which everything is in its place and linked.
        manifests: every manifest that links and tags lead to.
        currents: what each tag names in the end.
        links: what it has, and what the defects' steps will give it.
    """

    repository: Repository
    stock: Stock
    wants: Wants
    whole: set[Digest] = field(default_factory=set)
    manifests: set[Digest] = field(default_factory=set)
    currents: dict[str, Digest] = field(default_factory=dict)
    links: PromisedLinks = field(init=False)
    _tags: dict[Digest, str] = field(default_factory=dict)
    _indexed: dict[str, set[Digest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.links = PromisedLinks(self.repository, self.currents)

    def defects(self) -> Iterator[Defect]:
        """Yield what is wrong; links that are to be written are found on the way."""
        self.currents |= self.repository.currents
        for odd in self.repository.odd:
            if odd.role is LinkRole.INDEX and odd.digest:
                self._indexed.setdefault(odd.tag or "", set()).add(odd.digest)
        # A tag that is mended brings its index link along, unless there is one to be mended itself.
        for odd in sorted(self.repository.odd, key=lambda odd: odd.role is LinkRole.CURRENT):
            yield from self._odd(odd)
        for tag in sorted(self.repository.tags):
            yield from self._tag(tag)
        yield from self._revisions()
        if self.manifests and not self.repository.has_layers and not self.links.promised(LinkRole.LAYER):
            steps = (MakeFolder(f"{paths.REPOSITORIES}/{self.repository.name}/{paths.LAYERS}"),)
            yield LayersFolderMissing(path=None, repository=self.repository.name, steps=steps)

    def _odd(self, odd: OddLink) -> Iterator[Defect]:
        digest = odd.digest
        if odd.role is LinkRole.CURRENT:
            # Without a text a tag is treated as one whose link is missing.
            digest = odd.text_digest or self._only_indexed(odd.tag or "")
        if digest is None:
            if not odd.in_place:
                yield self._stray(odd)
            return
        role = self._role_of(odd, digest)
        if self.links.has(role, digest, odd.tag) or (role is LinkRole.CURRENT and odd.tag in self.currents):
            yield self._stray(odd)
            return
        if not odd.in_place and role is LinkRole.LAYER and not self.stock.is_here(digest):
            yield self._stray(odd)
            return
        yield self._mended(odd, role, digest)

    def _mended(self, odd: OddLink, role: LinkRole, digest: Digest) -> Defect:
        steps = list(self.links.promise(role, digest, odd.tag))
        if odd.tag and role is LinkRole.CURRENT:
            steps += self.links.promise(LinkRole.INDEX, digest, odd.tag)
        if odd.in_place and role is odd.role and odd.fault:
            return LinkMalformed(
                path=odd.path,
                digest=digest,
                steps=tuple(steps),
                role=role,
                repository=self.repository.name,
                tag=odd.tag,
                fault=odd.fault,
                text_digest=odd.text_digest,
                registry_error=odd.registry_error,
            )
        is_flat = odd.role is LinkRole.CURRENT and odd.path.rpartition("/")[2] != paths.LINK
        blocks = self.repository.link(role, digest, odd.tag).startswith(f"{odd.path}/")
        return LinkMisplaced(
            path=odd.path,
            digest=digest,
            # What stands in the way of the new link goes aside as that is written.
            steps=(*steps, *(() if blocks else (SetAside(odd.path),))),
            role=odd.role,
            repository=self.repository.name,
            tag=odd.tag,
            belongs=role,
            is_flat=is_flat,
        )

    def _role_of(self, odd: OddLink, digest: Digest) -> LinkRole:
        is_here = self.stock.is_here(digest)
        if odd.role is LinkRole.REVISION and is_here and self.stock.manifest(digest) is None:
            return LinkRole.LAYER
        return odd.role

    def _stray(self, odd: OddLink) -> Defect:
        areas = {LinkRole.LAYER: Area.LAYERS, LinkRole.REVISION: Area.REVISIONS}
        area = areas.get(odd.role, Area.TAGS)
        return StrayEntry(path=odd.path, digest=odd.digest, steps=(SetAside(odd.path),), area=area)

    def _tag(self, tag: str) -> Iterator[Defect]:
        digest = self.currents.get(tag)
        if digest is None:
            yield self._linkless(tag, self._only_indexed(tag) or self._only_folder(tag))
        elif self._leads_anywhere(digest) and not self.links.has(LinkRole.INDEX, digest, tag):
            yield self._missing(
                LinkRole.INDEX, digest, self.links.promise(LinkRole.INDEX, digest, tag), f"tag {tag}", tag
            )

    def _linkless(self, tag: str, digest: Digest | None) -> Defect:
        roles = (LinkRole.INDEX, LinkRole.CURRENT) if digest else ()
        steps = [step for role in roles if digest for step in self.links.promise(role, digest, tag)]
        missing = self._missing(LinkRole.CURRENT, digest, steps, f"the folder of tag {tag}", tag)
        candidates = () if digest else tuple(sorted(self.repository.folders.get(tag, ())))
        if len(candidates) == 1:
            self.wants.add(candidates[0], None, "manifest", self.repository.name, tag)
        return replace(missing, candidates=candidates)

    def _only_folder(self, tag: str) -> Digest | None:
        """The manifest whose digest the only folder of a tag without links bears: a registry makes it before the link.

        None when there are several, or when that manifest isn't here.
        """
        digests = self.repository.folders.get(tag, ())
        return next((d for d in digests if len(digests) == 1 and self.stock.manifest(d)), None)

    def _only_indexed(self, tag: str) -> Digest | None:
        """The one manifest that the tag has ever named, when it is one."""
        digests = {*self.repository.indexed.get(tag, ()), *self._indexed.get(tag, ())}
        return digests.pop() if len(digests) == 1 else None

    def _leads_anywhere(self, digest: Digest) -> bool:
        return self.links.has(LinkRole.REVISION, digest) or self.stock.is_here(digest)

    def _revisions(self) -> Iterator[Defect]:
        waiting: deque[tuple[Digest, str, Need | None]] = deque(
            (digest, f"tag {tag}", None) for tag, digest in sorted(self.currents.items())
        )
        waiting += [(d, "", None) for d in sorted(self.repository.revisions)]
        waiting += [(d, "", None) for d in self.links.promised(LinkRole.REVISION)]
        self._tags |= {digest: tag for tag, digest in sorted(self.currents.items(), reverse=True)}
        seen: set[Digest] = set()
        for digest in sorted(filter(self._is_no_manifest, self.repository.revisions)):
            seen.add(digest)
            yield self._not_a_manifest(digest)
        while waiting:
            digest, because, need = waiting.popleft()
            if digest in seen:
                continue
            seen.add(digest)
            manifest = self.stock.manifest(digest, need)
            yield from self._revision(digest, manifest, because, need)
            for inner in manifest.needs if manifest else ():
                if inner.role is Role.CHILD and self._leads_anywhere_as_child(inner):
                    waiting.append((inner.digest, f"index {digest.short}", inner))

    def _leads_anywhere_as_child(self, child: Need) -> bool:
        return self.links.has(LinkRole.REVISION, child.digest) or self.stock.manifest(child.digest, child) is not None

    def _revision(self, digest: Digest, manifest: Manifest | None, because: str, need: Need | None) -> Iterator[Defect]:
        if manifest is None and self.stock.is_here(digest, need):
            yield self._not_a_manifest(digest)
            return
        self.manifests.add(digest)
        if manifest is None:
            self.wants.add(digest, need, "manifest", self.repository.name, self._tags.get(digest, ""))
            return
        if manifest.error:
            yield RevisionInvalid(
                path=paths.blob_path(digest), digest=digest, repository=self.repository.name, error=manifest.error
            )
            return
        yield from self._linked_as_revision(digest, because)
        yield from remarks(self.repository.name, digest, manifest)
        is_whole = self._want(digest, need, "manifest", digest)
        for inner in manifest.needs:
            if inner.role is Role.CHILD:
                yield from self._child(digest, inner)
            else:
                yield from self._blob_link(digest, inner)
                is_whole &= self._want(inner.digest, inner, str(inner.role), digest)
        if is_whole and self.repository.has(LinkRole.REVISION, digest) and self._all_linked(manifest):
            self.whole.add(digest)

    def _all_linked(self, manifest: Manifest) -> bool:
        """Whether a registry serves what the manifest names; children are told by their revisions."""
        needs = (need for need in manifest.needs if not need.is_dispensable)
        return all(
            need.digest in self.repository.revisions and self.stock.is_in_place(need.digest)
            if need.role is Role.CHILD
            else need.digest in self.repository.layers
            for need in needs
        )

    def _want(self, digest: Digest, need: Need | None, role: str, manifest: Digest) -> bool:
        """Whether a blob is in its place; if not, and registries don't do without it, it's wanted."""
        if self.stock.is_in_place(digest):
            return True
        if need and need.is_dispensable and not self.stock.is_here(digest, need):
            return True
        self.wants.add(digest, need, role, self.repository.name, self._tags.get(manifest, ""))
        return False

    def _linked_as_revision(self, digest: Digest, because: str) -> Iterator[Defect]:
        if self.links.has(LinkRole.REVISION, digest):
            return
        steps = tuple(self.links.promise(LinkRole.REVISION, digest))
        if digest not in self.repository.layers:
            yield self._missing(LinkRole.REVISION, digest, steps, because, None)
            return
        path = self.repository.link(LinkRole.LAYER, digest)
        yield LinkMisplaced(
            path=path,
            digest=digest,
            steps=(*steps, SetAside(path)),
            role=LinkRole.LAYER,
            repository=self.repository.name,
            belongs=LinkRole.REVISION,
        )

    def _is_no_manifest(self, digest: Digest) -> bool:
        return self.stock.manifest(digest) is None and self.stock.is_here(digest)

    def _not_a_manifest(self, digest: Digest) -> Defect:
        """A link among the revisions that leads to a config or a layer, or to something no registry can read."""
        path, name = self.repository.link(LinkRole.REVISION, digest), self.repository.name
        if digest in self.currents.values():
            error = "it is neither a manifest nor an index"
            return RevisionInvalid(path=path, digest=digest, repository=name, error=error)
        return LinkMisplaced(
            path=path,
            digest=digest,
            steps=(*self.links.promise(LinkRole.LAYER, digest), SetAside(path)),
            role=LinkRole.REVISION,
            repository=self.repository.name,
            belongs=LinkRole.LAYER,
        )

    def _blob_link(self, manifest: Digest, need: Need) -> Iterator[Defect]:
        if self.links.has(LinkRole.LAYER, need.digest):
            return
        if self.stock.is_here(need.digest, need):
            steps = self.links.promise(LinkRole.LAYER, need.digest)
            yield self._missing(LinkRole.LAYER, need.digest, steps, f"{need.role} of manifest {manifest.short}", None)

    def _child(self, index: Digest, child: Need) -> Iterator[Defect]:
        if not child.is_dispensable and not self._leads_anywhere_as_child(child):
            yield ChildMissing(
                path=paths.blob_path(index),
                digest=child.digest,
                repository=self.repository.name,
                platform=child.platform,
            )

    def _missing(
        self, role: LinkRole, digest: Digest | None, steps: Iterable[Step], because: str, tag: str | None
    ) -> LinkMissing:
        return LinkMissing(
            path=self.repository.link(role, digest, tag)
            if digest
            else paths.tag_folder(self.repository.name, tag or ""),
            digest=digest,
            steps=tuple(steps),
            role=role,
            repository=self.repository.name,
            tag=tag,
            because=because,
        )
