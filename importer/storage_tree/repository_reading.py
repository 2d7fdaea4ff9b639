"""Reading one repository's links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from importer.domain.digest import Digest
from importer.domain.reference import is_tag
from importer.domain.storage_paths import LAYERS, LINK, MANIFESTS, SIGNATURES
from importer.places.store import EntryKind
from importer.storage_tree.link_text import (
    MAX_LINK_SIZE,
    LinkFault,
    LinkText,
    canonical_digest,
    claimed_in,
    read_link_text,
)
from importer.storage_tree.tree import Area, LinkRole, OddLink, Repository, Stray, Tree, Unreadable
from importer.storage_tree.walking import Entry, Unlistable, Walker

_AREAS: Final = {
    LinkRole.LAYER: Area.LAYERS,
    LinkRole.REVISION: Area.REVISIONS,
    LinkRole.CURRENT: Area.TAGS,
    LinkRole.INDEX: Area.TAGS,
}


class RepositoryReader:
    """Sorts a repository's entries into right links, odd links and strays; ``advance`` is told of bytes of links."""

    def __init__(
        self,
        tree: Tree,
        repository: Repository,
        walker: Walker,
        shared: Callable[[Digest], Digest],
        advance: Callable[[int], None],
    ) -> None:
        self._tree = tree
        self._layout = tree.layout
        self._store = tree.layout.store
        self._repository = repository
        self._walker = walker
        self._shared = shared
        self._advance = advance

    def read(self, folders: Mapping[str, Entry]) -> None:
        """Read the folders ``_layers`` and ``_manifests``, as far as they are there; uploads are nobody's links."""
        if LAYERS in folders:
            self._read_links(folders[LAYERS], LinkRole.LAYER, None)
        for entry in self._entries(folders.get(MANIFESTS)):
            if entry.name == "revisions" and entry.kind is EntryKind.FOLDER:
                self._read_links(entry, LinkRole.REVISION, None)
            elif entry.name == "tags" and entry.kind is EntryKind.FOLDER:
                self._read_tags(entry)
            else:
                self._read_stranger(entry, LinkRole.REVISION)

    def _entries(self, folder: Entry | None) -> list[Entry]:
        listed = self._walker.list(folder) if folder else []
        if isinstance(listed, Unlistable):
            self._tree.unreadable.append(Unreadable(listed.path, listed.reason))
            return []
        return listed

    def _read_stranger(self, entry: Entry, role: LinkRole) -> None:
        """An entry of ``_manifests`` under no name that belongs there."""
        if entry.kind is EntryKind.FOLDER:
            self._read_links(entry, role, None)
        else:
            self._read_file(entry, role, None, (), in_place=False)

    def _read_tags(self, folder: Entry) -> None:
        for entry in self._entries(folder):
            if not is_tag(entry.name):
                # Even an empty folder: tags/list names it, and garbage-collect -m ends at it.
                self._add_stray(entry, LinkRole.CURRENT)
            elif entry.kind is EntryKind.FOLDER:
                self._repository.tags.add(entry.name)
                self._read_tag(entry)
                self._look_for_a_trace(entry)
            else:
                self._read_file(entry, LinkRole.CURRENT, entry.name, (), in_place=False)

    def _look_for_a_trace(self, folder: Entry) -> None:
        """A tag without a link: a push or a script ended before it wrote the first one, or a copy lost them all."""
        repository, tag = self._repository, folder.name
        has_link = tag in repository.currents or tag in repository.indexed
        if has_link or any(odd.tag == tag for odd in repository.odd):
            return
        below = list(self._walker.all_below(folder))
        entries = [entry for entry in below if isinstance(entry, Entry)]
        digests = {digest for entry in entries if (digest := Digest.from_name(entry.name))}
        if digests:
            repository.folders[tag] = digests
        elif len(entries) == len(below) and all(entry.kind is EntryKind.FOLDER for entry in entries):
            repository.tags.discard(tag)
            self._add_stray(folder, LinkRole.CURRENT)

    def _read_tag(self, folder: Entry) -> None:
        for entry in self._entries(folder):
            if entry.name == "current" and entry.kind is EntryKind.FOLDER:
                self._read_current(entry, folder.name)
            elif entry.name == "index" and entry.kind is EntryKind.FOLDER:
                self._read_links(entry, LinkRole.INDEX, folder.name)
            elif entry.kind is EntryKind.FOLDER:
                self._add_stray(entry, LinkRole.CURRENT)
            else:
                self._read_file(entry, LinkRole.CURRENT, folder.name, (), in_place=False)

    def _read_current(self, folder: Entry, tag: str) -> None:
        entries = self._entries(folder)
        for entry in entries:
            if entry.name == LINK and (entry.kind is not EntryKind.FOLDER or not _have_link(entries)):
                self._read_file(entry, LinkRole.CURRENT, tag, (), in_place=True)
            elif entry.name == LINK:
                for inner in self._link_entries(entry):
                    self._read_file(inner, LinkRole.CURRENT, tag, (), in_place=False)
            elif entry.kind is EntryKind.FOLDER:
                self._add_stray(entry, LinkRole.CURRENT)
            else:
                self._read_file(entry, LinkRole.CURRENT, tag, (), in_place=False)

    def _read_links(self, folder: Entry, role: LinkRole, tag: str | None) -> None:
        """Read everything below a folder whose links lie at ``<algorithm>/<hex>/link``."""
        is_right = folder.name in (LAYERS, "revisions", "index")
        for entry in self._link_entries(folder):
            parts = tuple(entry.path[len(folder.path) + 1 :].split("/"))
            named = canonical_digest(*parts[:2]) if len(parts) == 3 and parts[2] == LINK and is_right else None
            self._read_file(entry, role, tag, parts[:-1], in_place=named is not None)

    def _link_entries(self, folder: Entry) -> Iterator[Entry]:
        """All that isn't a folder, and folders that stand where a link should; signatures need no links of ours."""
        waiting = [folder]
        while waiting:
            above = waiting.pop()
            entries = self._entries(above)
            is_for_link = Digest.from_name(above.name) and not _have_link(entries)
            for entry in entries:
                if entry.name == SIGNATURES and Digest.from_name(above.name):
                    continue
                if entry.kind is EntryKind.FOLDER and not (entry.name == LINK and is_for_link):
                    waiting.append(entry)
                else:
                    yield entry

    def _read_file(
        self, entry: Entry, role: LinkRole, tag: str | None, folders: Iterable[str], *, in_place: bool
    ) -> None:
        text = self._text_of(entry)
        if text is None:
            return
        named = claimed_in(folders)
        digest = named or text.digest
        if in_place and text.fault is None and digest == text.digest and digest:
            self._take(role, self._shared(digest), tag)
        elif not in_place and text.digest is None and not (entry.name == LINK and named):
            self._add_stray(entry, role)
        else:
            fault = text.fault or (LinkFault.OTHER_DIGEST if digest != text.digest else None)
            self._add_odd(OddLink(entry.path, role, tag, in_place, digest, text.digest, fault, text.registry_error))

    def _text_of(self, entry: Entry) -> LinkText | None:
        """What a link says; None when it can't be read, which is remembered."""
        if entry.kind is not EntryKind.FILE:
            return LinkText(None, LinkFault.NO_FILE, None)
        try:
            raw = self._store.head(self._layout.key(entry.path), MAX_LINK_SIZE)
        except OSError as error:
            self._tree.unreadable.append(Unreadable(entry.path, error.strerror or str(error)))
            return None
        self._advance(len(raw))
        return read_link_text(raw)

    def _take(self, role: LinkRole, digest: Digest, tag: str | None) -> None:
        repository = self._repository
        match role:
            case LinkRole.LAYER:
                repository.layers.add(digest)
            case LinkRole.REVISION:
                repository.revisions.add(digest)
            case LinkRole.CURRENT:
                repository.currents[tag or ""] = digest
            case LinkRole.INDEX:
                repository.indexed.setdefault(tag or "", set()).add(digest)

    def _add_odd(self, odd: OddLink) -> None:
        if odd.tag:
            self._repository.tags.add(odd.tag)
        self._repository.odd.append(odd)

    def _add_stray(self, entry: Entry, role: LinkRole) -> None:
        self._tree.strays.append(Stray(entry.path, _AREAS[role], entry.reason))


def _have_link(entries: Iterable[Entry]) -> bool:
    """Whether one is a link; in a bucket there may also be a folder of that name, in which everything is astray."""
    return any(entry.name == LINK and entry.kind is not EntryKind.FOLDER for entry in entries)
