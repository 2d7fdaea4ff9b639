"""How reports write messages out: the parts in characters, paths from the one folder on that all files lie in.

Each form of the report has one ``Renderer``, and every message passes through it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from importer.investigation import Investigation
from importer.rules.rule import Finding, Observation
from importer.words.printable import printable
from importer.words.text import FilePath, Part, Text

_SEPARATORS: Final = tuple(filter(None, {os.sep, os.altsep}))


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes messages out for people.

    Attributes:
        folder: the deepest folder that holds all files of the input, with the separator at its end; paths are
            shown from there on. Empty when there is none worth naming: then they are shown in full.
    """

    folder: str = ""

    @classmethod
    def of(cls, investigation: Investigation) -> Renderer:
        """With the folder of the input's own files; what is borrowed lies elsewhere."""
        inventory = investigation.case.inventory
        paths = [fact.file.path for fact in inventory.facts if not fact.file.borrowed]
        return cls(common_folder([*paths, *(problem.path for problem in inventory.problems)]))

    def path(self, path: str) -> str:
        """The path from the folder on."""
        return printable(path.removeprefix(self.folder))

    def message(self, finding: Finding) -> str:
        """What is said of a file whose path stands beside it: its path isn't said again."""
        return self.text(beside_its_path(finding.observation))

    def remedy(self, finding: Finding) -> str:
        """What is done about it, or what to do next."""
        return self.text(finding.observation.remedy)

    def text(self, text: Text) -> str:
        """Any message. A command has its paths in full, so that it works where it is pasted."""
        return printable("".join(map(self._part, text.parts)))

    def _part(self, part: Part) -> str:
        return self.path(part.path) if isinstance(part, FilePath) else str(part)


def beside_its_path(seen: Observation) -> Text:
    """A message that stands beside the path of the file it is about, and so needn't name it again."""
    is_named_first = seen.path is not None and seen.message.parts[:1] == (FilePath(seen.path),)
    return seen.message.replacing_first("this file") if is_named_first else seen.message


def name_of(path: str) -> str:
    """The last part of a path."""
    return path[max(path.rfind(separator) for separator in _SEPARATORS) + 1 :]


def common_folder(paths: Iterable[str]) -> str:
    """The deepest folder that holds all the paths, with the separator at its end; else nothing."""
    # Letter by letter, since paths from archives and from other drives meet here; half a folder's name is cut off.
    prefix = os.path.commonprefix([path.removesuffix(name_of(path)) for path in paths])  # noqa: RUF071
    folder = prefix.removesuffix(name_of(prefix))
    return folder if folder.strip("".join(_SEPARATORS)) else ""
