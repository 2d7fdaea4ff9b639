"""What all rules have found in a download."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import Final

from importer.inspection.file_facts import FileFacts
from importer.rules.rule import Case, Finding, OnLeftovers, Rule, Severity

_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Files that no finding names, and what a rule says of them: that is made anew each time it is asked for."""

    rule: Rule
    on: OnLeftovers
    files: tuple[FileFacts, ...]

    def findings(self, case: Case) -> Iterator[Finding]:
        """One of each file."""
        return (Finding(self.rule, seen) for seen in self.on.observe(case, self.files))


@dataclass(frozen=True, slots=True)
class Findings(Collection[Finding]):
    """The findings, the worst first; there may be a remark on each of a million files.

    Attributes:
        case: what was looked at.
        named: all findings but those of leftover files.
        leftovers: the files that none of these names.
    """

    case: Case = field(repr=False)
    named: tuple[Finding, ...]
    leftovers: tuple[Leftovers, ...]

    @property
    def troubles(self) -> Iterator[Finding]:
        """Those that are more than remarks; what is said of leftover files is none."""
        return (finding for finding in self.named if finding.severity is not Severity.INFO)

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules that found something, by code."""
        found = {finding.rule.code: finding.rule for finding in self.named}
        found |= {leftovers.rule.code: leftovers.rule for leftovers in self.leftovers if leftovers.files}
        return [rule for _, rule in sorted(found.items())]

    def __iter__(self) -> Iterator[Finding]:
        return merge(self.named, *(leftovers.findings(self.case) for leftovers in self.leftovers), key=weight)

    def __len__(self) -> int:
        return len(self.named) + sum(len(leftovers.files) for leftovers in self.leftovers)

    def __contains__(self, finding: object) -> bool:
        return any(finding == each for each in self)


def weight(finding: Finding) -> tuple[int, str]:
    """By which findings are ordered."""
    return _ORDER[finding.severity], finding.rule.code
