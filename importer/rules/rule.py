"""What a rule is made of, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.inspection.file_facts import FileFacts
from importer.inventory.inventory import Inventory
from importer.inventory.known_digests import KnownDigests
from importer.plan.causes import Cause
from importer.plan.images import ImagePlan, Plan
from importer.recovery.unread import Unread
from importer.words.text import Text

if TYPE_CHECKING:
    from importer.storage_tree.defects import Defect

DefectType = TypeVar("DefectType", bound="Defect")


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Certainty(StrEnum):
    """Whether a digest says so, or only all signs."""

    PROVEN = "proven"
    INFERRED = "inferred"


class Safety(StrEnum):
    """Whether the fix keeps the image's identity, changes it, or doesn't exist."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The one text about a rule that every report, page and command prints.

    Attributes:
        meaning: what it means.
        origin: how it happens.
        remedy: what blobfix does.
        advice: what the reader can do.
    """

    meaning: str
    origin: str
    remedy: str
    advice: str


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at.

    Attributes:
        inventory: what there is.
        known: digests known beforehand.
        plan: the images, and how each blob of them comes about.
        unread: what of the input could not be looked into.
        host: the machine that a docker tar is for.
    """

    inventory: Inventory
    known: KnownDigests
    plan: Plan
    unread: tuple[Unread, ...] = ()
    host: Host = field(default_factory=Host.of_this_machine)


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing a rule has seen.

    Attributes:
        message: what is so and how it's known, in one or two plain sentences; it begins with the path if it can.
        remedy: what is done about it, or what to do next.
        path, digest, image: the file, the blob and the image it is about.
        also: further files that it covers; no other finding needs to name them.
        certainty: whether a digest proves it.
        safety: the fix in this very case; None where it is the rule's usual one.
        severity: how bad it is in this very case; None where it is as bad as the rule says.
    """

    message: Text
    remedy: Text
    path: str | None = None
    digest: Digest | None = None
    image: ImagePlan | None = None
    also: frozenset[str] = frozenset()
    certainty: Certainty = Certainty.PROVEN
    safety: Safety | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class OnLeftovers:
    """What a rule has to say of files that no other finding names: there may be millions of them.

    Attributes:
        files: those of which it says something; it is told the paths that findings name.
        observe: says what is seen of each of these files, in their order.
    """

    files: Callable[[Case, frozenset[str]], Iterator[FileFacts]] = field(repr=False)
    observe: Callable[[Case, Iterable[FileFacts]], Iterator[Observation]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class OnTree(Generic[DefectType]):
    """What a rule has to say of a registry's storage.

    Attributes:
        observe: says what is seen of a defect.
        defects: the kinds of defects that the rule explains; no other rule may.
    """

    observe: Callable[[DefectType], Observation] = field(repr=False)
    defects: tuple[type[DefectType], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: a text, and pure functions that look at downloads, at storage trees, or at both.

    Attributes:
        code, name: stable for ever.
        severity: of a finding, unless its observation says otherwise.
        fix: what can usually be done.
        summary: when it applies, in half a sentence.
        explanation: the text.
        causes: the causes of a blob's state that this rule explains; no other rule may.
        on_download: looks at a download and yields what it sees.
        on_leftovers: what it says of files that no finding names; its observations are as severe as the rule.
        on_tree: which defects of a storage tree the rule explains, and how.
        symptoms: literal messages of docker, registries, skopeo, containerd, podman and
            Artifactory that lead here; ``…`` stands for what varies.
    """

    code: str
    name: str
    severity: Severity
    fix: Safety
    summary: str
    explanation: Explanation
    causes: tuple[type[Cause], ...] = ()
    on_download: Callable[[Case], Iterator[Observation]] | None = field(default=None, repr=False)
    on_leftovers: OnLeftovers | None = None
    on_tree: OnTree[Any] | None = None
    symptoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """An observation together with the rule that made it."""

    rule: Rule
    observation: Observation

    @property
    def safety(self) -> Safety:
        """The fix in this very case."""
        return self.observation.safety or self.rule.fix

    @property
    def severity(self) -> Severity:
        """How bad it is in this very case."""
        return self.observation.severity or self.rule.severity
