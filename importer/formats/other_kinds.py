"""Files that people mistake for an image or a layer, recognised by their first bytes.

Sources: git-lfs, docs/spec.md ("The Pointer"); PowerShell, about_Redirection (native output becomes UTF-16 text);
QEMU, docs/interop/qcow2.txt; VMware, Virtual Disk Format 5.0; Microsoft, VHD and MS-VHDX; VirtualBox, VDICore.h;
ECMA-119 (ISO 9660), 8.1; UEFI 2.10, 5.3 (GPT); moby, daemon/export.go (docker export).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from importer.formats.signatures import FileKind
from importer.formats.tar_headers import TarWalker

SYSTEM_FOLDERS: Final = frozenset({"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "usr"})
"""Folders at the top of a file system, and so of a layer, but never of a download."""

_LFS_POINTER: Final = re.compile(
    rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\r?\n(?:ext-.*\n)*"
    rb"oid sha256:([0-9a-f]{64})\r?\nsize (\d{1,18})\s*"
)
_DISK_MAGICS: Final = (
    (0, b"QFI\xfb", "a QEMU disk (qcow2)"),
    (0, b"KDMV", "a VMware disk (vmdk)"),
    (0, b"COWD", "a VMware disk (vmdk)"),
    (0, b"# Disk DescriptorFile", "the description of a VMware disk (vmdk)"),
    (0, b"vhdxfile", "a Hyper-V disk (vhdx)"),
    (0, b"conectix", "a Virtual PC disk (vhd)"),
    (0x40, b"\x7f\x10\xda\xbe", "a VirtualBox disk (vdi)"),
    (0x200, b"EFI PART", "a disk with a partition table (GPT)"),
    (0x8001, b"CD001", "a CD image (ISO 9660)"),
    (0, b"hsqs", "a squashfs file system"),
    (0x438, b"\x53\xef", "an ext file system"),
    (0, b"MSWIM\0\0\0", "a Windows image (wim)"),
)
_BOOT_SIGNATURE: Final = (0x1FE, b"\x55\xaa")
_PARTITIONS: Final = (0x1BE, 0x1CE, 0x1DE, 0x1EE)
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROL: Final = frozenset(map(chr, (*range(9), 11, 12, *range(14, 32))))
_MANIFEST_WORDS: Final = (b"schemaVersion", b"layers", b"config")
_MIN_SYSTEM_FOLDERS: Final = 2


class OtherKind(StrEnum):
    """Kinds of files that are no part of an image, though they have the place or the name of one."""

    LFS_POINTER = "lfs-pointer"
    REDIRECTED = "redirected-output"
    DISK = "disk"
    EXPORT = "docker-export"
    FILE_SYSTEM = "file-system"
    PAGE_OF_MANIFEST = "page-of-manifest"


@dataclass(frozen=True, slots=True)
class OtherThing:
    """A file that is no part of an image, and what its bytes show.

    Attributes:
        kind: what it is.
        name: what to call it.
        digest_hex, size: sha256 and size in bytes of the file that a Git LFS pointer refers to.
    """

    kind: OtherKind
    name: str
    digest_hex: str = ""
    size: int = 0


def other_thing(start: bytes, kind: FileKind) -> OtherThing | None:
    """Recognise a file by its first bytes (up to 36 KiB); None for any other file."""
    if pointer := _LFS_POINTER.fullmatch(start):
        return OtherThing(OtherKind.LFS_POINTER, "a Git LFS pointer", pointer[1].decode(), int(pointer[2]))
    if _is_redirected(start):
        return OtherThing(OtherKind.REDIRECTED, "a program's output that PowerShell turned into text")
    if kind is FileKind.HTML and all(word in start for word in _MANIFEST_WORDS):
        return OtherThing(OtherKind.PAGE_OF_MANIFEST, "a web page that shows a manifest")
    if kind in (FileKind.DATA, FileKind.TEXT, FileKind.ZEROS):
        return _disk(start)
    return None


def file_system(tar: bytes) -> OtherThing | None:
    """Recognise a container's file system, or a layer of one, by the first bytes of a tar; None for any other tar."""
    walker = TarWalker(keep_entries=True)
    walker.feed(tar)
    names = [entry.name.removeprefix("./") for entry in walker.entries]
    if ".dockerenv" in names:
        return OtherThing(OtherKind.EXPORT, "a container's file system, as docker export writes it")
    tops = {name.split("/", 1)[0] for name in names} & SYSTEM_FOLDERS
    if len(tops) >= _MIN_SYSTEM_FOLDERS:
        return OtherThing(OtherKind.FILE_SYSTEM, "a file system: a container's (docker export), or a layer's")
    return None


def _is_redirected(start: bytes) -> bool:
    if not start.startswith(_UTF16_MARKS):
        return False
    text = start[: len(start) & ~1].decode("utf-16", "replace")
    return not _CONTROL.isdisjoint(text)


def _disk(start: bytes) -> OtherThing | None:
    for offset, magic, name in _DISK_MAGICS:
        if start.startswith(magic, offset):
            return OtherThing(OtherKind.DISK, name)
    offset, signature = _BOOT_SIGNATURE
    flags = [start[at : at + 1] for at in _PARTITIONS]
    is_table = all(flag in (b"\0", b"\x80") for flag in flags) and any(
        start[at + 4 : at + 5] > b"\0" for at in _PARTITIONS
    )
    if start.startswith(signature, offset) and is_table:
        return OtherThing(OtherKind.DISK, "a disk with a partition table (MBR)")
    return None
