"""Paths as a report shows them: relative to the one folder that all files of the input lie in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from importer.investigation import Investigation
from importer.rules.rule import Finding
from importer.rules.wording import shown

_SEPARATORS: Final = tuple(filter(None, {os.sep, os.altsep}))


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of an input lie.

    Attributes:
        folder: the deepest folder that holds all of them, with the separator at its end; empty when
            there is none worth naming.
    """

    folder: str

    @classmethod
    def of(cls, investigation: Investigation) -> Places:
        """The places of the input's own files; what is borrowed lies elsewhere."""
        inventory = investigation.case.inventory
        paths = [fact.file.path for fact in inventory.facts if not fact.file.borrowed]
        return cls(common_folder([*paths, *(problem.path for problem in inventory.problems)]))

    def short(self, path: str) -> str:
        """The path from the folder on."""
        return path.removeprefix(self.folder)

    def message_of(self, finding: Finding) -> str:
        """What is said of a file whose path stands beside it: its path isn't said again."""
        seen = finding.observation
        return self.shortened(said_of_file(seen.message, seen.path))

    def shortened(self, text: str) -> str:
        """The text with all paths in it from the folder on."""
        if not self.folder:
            return text
        return re.sub(rf"(?<![^\s(“\"']){re.escape(shown(self.folder))}", "", text)


def said_of_file(message: str, path: str | None) -> str:
    """A message that stands beside the path of the file it is about, and so needn't name it again."""
    whole = shown(path) if path else ""
    is_named_first = whole and message.startswith((f"{whole} ", f"{whole},"))
    return f"this file{message[len(whole) :]}" if is_named_first else message


def name_of(path: str) -> str:
    """The last part of a path."""
    return path[max(path.rfind(separator) for separator in _SEPARATORS) + 1 :]


def common_folder(paths: Iterable[str]) -> str:
    """The deepest folder that holds all the paths, with the separator at its end; else nothing."""
    # Letter by letter, since paths from archives and from other drives meet here; half a folder's name is cut off.
    prefix = os.path.commonprefix([path.removesuffix(name_of(path)) for path in paths])  # noqa: RUF071
    folder = prefix.removesuffix(name_of(prefix))
    return folder if folder.strip("".join(_SEPARATORS)) else ""
