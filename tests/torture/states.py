"""What stands on a disk, read without any code of the program: names, bytes, digests, links, tags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from importer.domain.digest import Digest

State = Mapping[str, bytes | None]
"""Every entry below a folder by its path; a folder has no bytes."""

_UNFINISHED: Final = ".blobfix-"
_STORAGE: Final = "docker/registry/v2/"


class BrokenError(AssertionError):
    """A state that nobody may ever see."""


def state_of(folder: Path) -> dict[str, bytes | None]:
    """All entries below a folder."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def visible(state: State) -> dict[str, bytes | None]:
    """Without what isn't whole yet, or was set aside."""
    return {path: content for path, content in state.items() if not any(_is_hidden(part) for part in path.split("/"))}


def _is_hidden(name: str) -> bool:
    return name.startswith(_UNFINISHED)


def without_kept(state: State, old: State) -> State:
    """Without files of the old state that stand under their own digest now, as one does that couldn't be read."""
    former = [content for content in old.values() if content]
    kept = {Digest.of(content).file_name for content in former} - {path.rpartition("/")[2] for path in old}
    return {path: content for path, content in state.items() if path.rpartition("/")[2] not in kept}


def difference(seen: State, wanted: State) -> str:
    """The first paths in which two states are not alike."""
    paths = sorted(path for path in seen.keys() | wanted.keys() if seen.get(path, b"-") != wanted.get(path, b"-"))
    return ", ".join(paths[:5])


def expect_between(state: State, old: State, new: State) -> None:
    """Each entry is as it was or as it will be; nothing is there that is in neither, nothing lacks that is in both."""
    for path, content in state.items():
        if not any(path in known and known[path] == content for known in (old, new)):
            raise BrokenError(f"{path} is neither as it was nor as it is to be")
    for path, content in old.items():
        if new.get(path, b"") == content and path not in state:
            raise BrokenError(f"{path} is gone, which nobody had to touch")


def expect_nothing_lost(state: State, old: State) -> None:
    """The bytes of each blob that was there are still there, under whatever name; and what each link says is."""
    here = {hashlib.sha256(content).digest() for content in state.values() if content is not None}
    said = {content.strip() for path, content in state.items() if content is not None and path.endswith("/link")}
    for path, content in old.items():
        if path.endswith("/data") and content and hashlib.sha256(content).digest() not in here:
            raise BrokenError(f"the bytes of {path} are lost")
        if path.endswith("/link") and content and content.strip() not in said:
            raise BrokenError(f"what {path} says is lost")


def tags_of(state: State, old: State, root: str) -> dict[str, str]:
    """The manifest that each tag of a registry tree names, by the registry's own rules.

    Raises BrokenError for what a registry would serve wrongly, unless it was so in the old state.
    """
    storage = f"{root}/{_STORAGE}" if root else _STORAGE
    tree = {path.removeprefix(storage): content for path, content in state.items() if path.startswith(storage)}
    for path, content in tree.items():
        if old.get(storage + path, b"") == content:
            continue
        if path.startswith("blobs/") and content is not None and path.split("/")[-2] != _hex(content):
            raise BrokenError(f"{path} has other bytes than its name says")
        if path.endswith("/link") and content is not None and _blob(tree, content) is None:
            raise BrokenError(f"{path} leads to no blob")
    found = {}
    for path in tree:
        repository, is_tag, tag = path.partition("/_manifests/tags/")
        if not is_tag or "/" in tag:
            continue
        link = tree.get(f"{path}/current/link")
        if link is None:
            if f"{storage}{path}" in old:
                continue
            raise BrokenError(f"the tag {path} is listed, and answered with 404")
        _expect_pullable(tree, repository, link)
        found[f"{repository}:{tag}"] = link.decode()
    return found


def _expect_pullable(tree: State, repository: str, link: bytes) -> None:
    digest = link.decode().partition(":")[2]
    manifest = _blob(tree, link)
    if f"{repository}/_manifests/revisions/sha256/{digest}/link" not in tree or manifest is None:
        raise BrokenError(f"{repository}: the manifest {digest} is named, and can't be had")
    value: dict[str, Any] = json.loads(manifest)
    for child in value.get("manifests", ()):
        _expect_pullable(tree, repository, child["digest"].encode())
    for blob in (value["config"], *value["layers"]) if "config" in value else ():
        hexadecimal = blob["digest"].partition(":")[2]
        linked = tree.get(f"{repository}/_layers/sha256/{hexadecimal}/link")
        if linked is None or linked != blob["digest"].encode() or _blob(tree, linked) is None:
            raise BrokenError(f"{repository}: {blob['digest']} of a tagged image can't be had")


def _blob(tree: State, link: bytes) -> bytes | None:
    digest = link.decode(errors="replace").partition(":")[2]
    content = tree.get(f"blobs/sha256/{digest[:2]}/{digest}/data")
    return content if content is not None and _hex(content) == digest else None


def _hex(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def expect_layout(state: State, root: str) -> None:
    """An OCI layout whose index is there has all that the index names."""
    index = state.get(f"{root}/index.json")
    if index is None:
        return
    if not state.get(f"{root}/oci-layout"):
        raise BrokenError("the layout has an index and no oci-layout")
    for descriptor in json.loads(index)["manifests"]:
        manifest = _layout_blob(state, root, descriptor["digest"])
        value = json.loads(manifest)
        for blob in (value["config"], *value["layers"]):
            _layout_blob(state, root, blob["digest"])


def _layout_blob(state: State, root: str, digest: str) -> bytes:
    content = state.get(f"{root}/blobs/sha256/{digest.partition(':')[2]}")
    if content is None or f"sha256:{_hex(content)}" != digest:
        raise BrokenError(f"the layout names {digest}, and it isn't there")
    return content


def expect_context(state: State, new: State, root: str) -> None:
    """A Dockerfile comes when all is there that it adds."""
    if f"{root}/Dockerfile" in state and any(path not in state for path in new):
        raise BrokenError("the Dockerfile is there before all that it adds")


def expect_beginnings(state: State, before: State, new: State) -> None:
    """What a download has kept of a blob is the blob's beginning, unless it stood there before."""
    for path, content in state.items():
        folder, _, name = path.rpartition("/")
        whole = new.get(f"{folder}/{name.removeprefix(_UNFINISHED).removesuffix('.part')}")
        if name.endswith(".part") and content != before.get(path) and not (whole or b"").startswith(content or b""):
            raise BrokenError(f"{path} is not the blob's beginning")


def expect_manifest_first(state: State, old: State, new: State) -> None:
    """Before any blob comes the manifest that names it."""
    for path in state.keys() - old.keys():
        folder, _, name = path.rpartition("/")
        manifests = [f"{folder}/{document}" for document in ("manifest.json", "list.manifest.json")]
        if name.startswith("sha256__") and state[path] is not None and not any(each in state for each in manifests):
            raise BrokenError(f"{path} is there before its manifest")
