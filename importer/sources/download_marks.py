"""Whether a tar is a download or an image, to be looked into, or a layer, to be left as it is.

A layer is a tar as well, and one that was taken for a folder is lost as a blob. So a tar is looked
into only where its members say that it is none: files named after digests, the folders of a known
layout, or a manifest. A file named manifest.json proves nothing (web applications have one), what
it says does.

Sources: Artifactory's and skopeo's names of blobs; OCI image-spec, image-layout.md; docker save
(moby, image/tarexport/save.go); distribution, registry/storage/paths.go; Artifactory's filestore;
Quay's and Nexus's blob stores.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Final

from importer.domain.digest import Digest
from importer.domain.file_names import MANIFEST_NAMES
from importer.formats.documents import read_document
from importer.formats.json_text import MAX_DOCUMENT_SIZE
from importer.formats.other_kinds import SYSTEM_FOLDERS
from importer.formats.signatures import MANIFEST_KINDS
from importer.formats.tar_headers import TarEntry
from importer.places.address import Address
from importer.places.opener import Opener

_MARKS: Final = re.compile(
    r"""(?:^|/)(?:
        sha256(?:__|:|-)[0-9a-f]{64}        # Artifactory's names of blobs and of children's folders; imgpkg's, ollama's
      | blobs/sha256/(?:[0-9a-f]{2}/)?[0-9a-f]{64}   # OCI layout, containerd, registry
      | oci-layout$
      | docker/registry/v2/
      | _manifests/(?:revisions|tags)(?:/|$)
      | [0-9a-f]{64}/layer\.tar$            # docker save
      | ([0-9a-f]{2})/\1[0-9a-f]{38}$       # a filestore named by SHA-1
      | sha256/([0-9a-f]{2})/\2[0-9a-f]{62}$  # Quay
      | vol-\d+/chap-\d+/[^/]+\.bytes$      # Nexus
    )""",
    re.VERBOSE,
)
_PART_NAMES: Final = re.compile(
    r"(?:list\.)?manifest\.json|index\.json|oci-layout|(?:sha256\W+)?[0-9a-f]{64}", re.IGNORECASE
)
_TAR_NAMES: Final = re.compile(r".+\.(?:tar|tar\.\w{2,4}|tgz|tzst|txz|tbz2?)(?:\.(?:gz|xz|bz2|zst))*", re.IGNORECASE)
_DOCUMENTS: Final = frozenset({*MANIFEST_NAMES, "index.json"})

_WHITEOUT: Final = ".wh."


def looks_like_download(members: Iterable[TarEntry], opener: Opener, tar: Address) -> bool:
    """Judge a tar by its first members; raises OSError."""
    marked = False
    for member in members:
        path = member.name.removeprefix("./")
        if path.split("/", 1)[0] in SYSTEM_FOLDERS or path.rsplit("/", 1)[-1].startswith(_WHITEOUT):
            return False
        marked = marked or bool(_MARKS.search(path)) or _is_manifest(path, member, opener, tar)
    return marked


def names_image_part(path: str) -> bool:
    """Whether a file is named as a part of an image, or as an archive that may hold one."""
    spelled = path.replace(os.sep, "/")
    name = spelled.rpartition("/")[2]
    is_part = _MARKS.search(spelled) or _PART_NAMES.fullmatch(name) or names_tar(name)
    return bool(is_part) or Digest.from_name(name) is not None


def names_tar(name: str) -> bool:
    """Whether a file is called a tar, packed or not."""
    return _TAR_NAMES.fullmatch(name) is not None


def names_archive(name: str) -> bool:
    """Whether a file is called a zip, or a tar, packed or not."""
    return names_tar(name) or name.lower().endswith(".zip")


def _is_manifest(path: str, member: TarEntry, opener: Opener, tar: Address) -> bool:
    if path.rsplit("/", 1)[-1] not in _DOCUMENTS or member.size > MAX_DOCUMENT_SIZE:
        return False
    content = b"".join(opener.blocks(tar, start=member.offset, length=member.size))
    return read_document(content).kind in MANIFEST_KINDS
