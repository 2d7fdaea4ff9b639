"""From an error message of another program to the rules that explain it.

A symptom is the fixed part of a message; ``…`` in it stands for what varies. A message is rarely
alone: it comes in a log line with times and levels, with other quotes, in another case, or as the
half of it that someone remembers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Final

from importer.rules.catalogue import all_rules
from importer.rules.rule import Rule

_LONGEST_MESSAGE: Final = 100_000
_SHARE_OF_WORDS: Final = 0.75
_FEWEST_WORDS: Final = 3
_SHORTEST_PART: Final = 8
_NEAREST: Final = 3
_TELLING: Final = 0.2
"""A word tells the more, the fewer symptoms have it: one that five have counts for a fifth."""

_SHORTEST_TELLING_WORD: Final = 5
_TELL_NOTHING: Final = frozenset({"docker", "image", "error", "failed", "found"})

_QUOTES: Final = re.compile(r"""\\?["'`´‘’“”„«»]""")
_GAPS: Final = re.compile(r"\s+")
_DIGEST_GAP: Final = re.compile(r"sha256:…")
_VARYING: Final = re.compile(r"\S*[/\\]\S*|\b[0-9a-f]{8,}\b|\S*\d\S*")
_WORD: Final = re.compile(r"[a-z_]{2,}")


class Likeness(IntEnum):
    """How a message was recognised; the higher, the surer."""

    SIMILAR_WORDS = 1
    PART_OF_SYMPTOM = 2
    WHOLE_SYMPTOM = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that explains a message.

    Attributes:
        rule: the rule.
        symptom: the one of its symptoms that was recognised.
        likeness: how.
        weight: how much of the message is explained, in characters.
    """

    rule: Rule
    symptom: str
    likeness: Likeness
    weight: int


@dataclass(frozen=True, slots=True)
class _Symptom:
    rule: Rule
    text: str
    pieces: tuple[str, ...]
    words: frozenset[str]

    @property
    def weight(self) -> int:
        return sum(map(len, self.pieces))


def rules_matching(message: str) -> tuple[Match, ...]:
    """The rules whose symptoms are in the message, the best first, each once.

    The longest symptom wins: it says most about the message. Only when no symptom is there as a
    whole do halves and similar words count.
    """
    found = sorted(_matches(_normal(message[:_LONGEST_MESSAGE])), key=_rank)
    surest = found[0].likeness if found else None
    best: dict[str, Match] = {}
    for match in found:
        if match.likeness is surest:
            best.setdefault(match.rule.code, match)
    return tuple(best.values())


def rules_nearest(message: str) -> tuple[Match, ...]:
    """For a message that no rule explains: up to three rules whose symptoms share telling words with it."""
    words = _words(_normal(message[:_LONGEST_MESSAGE]))
    scored = [(sum(_rarity(word) for word in symptom.words & words), symptom) for symptom in _symptoms()]
    best: dict[str, Match] = {}
    for score, symptom in sorted(scored, key=lambda pair: (-pair[0], pair[1].rule.code)):
        if score >= _TELLING:
            near = Match(symptom.rule, symptom.text, Likeness.SIMILAR_WORDS, len(symptom.words & words))
            best.setdefault(symptom.rule.code, near)
    return tuple(best.values())[:_NEAREST]


@cache
def _rarity(word: str) -> float:
    if len(word) < _SHORTEST_TELLING_WORD or word in _TELL_NOTHING:
        return 0
    return 1 / max(sum(word in symptom.words for symptom in _symptoms()), 1)


def _rank(match: Match) -> tuple[int, int, str]:
    return -match.likeness, -match.weight, match.rule.code


def _matches(message: str) -> Iterator[Match]:
    words = _words(message)
    for symptom in _symptoms():
        if _holds(message, symptom.pieces):
            yield Match(symptom.rule, symptom.text, Likeness.WHOLE_SYMPTOM, symptom.weight)
        elif _is_good_part(message, symptom):
            yield Match(symptom.rule, symptom.text, Likeness.PART_OF_SYMPTOM, len(message))
        elif len(symptom.words) >= _FEWEST_WORDS and len(symptom.words & words) >= _SHARE_OF_WORDS * len(symptom.words):
            yield Match(symptom.rule, symptom.text, Likeness.SIMILAR_WORDS, len(symptom.words & words))


def _holds(message: str, pieces: tuple[str, ...]) -> bool:
    # Piece after piece from the left: one pass, however long the message is.
    end = 0
    for pattern in _patterns(pieces):
        hit = pattern.search(message, end)
        if hit is None:
            return False
        end = hit.end()
    return True


def _is_good_part(message: str, symptom: _Symptom) -> bool:
    is_long = len(message) >= _SHORTEST_PART and 2 * len(message) >= symptom.weight
    return is_long and any(message in piece for piece in symptom.pieces)


@cache
def _symptoms() -> tuple[_Symptom, ...]:
    return tuple(_read(rule, text) for rule in all_rules() for text in rule.symptoms)


def _read(rule: Rule, text: str) -> _Symptom:
    pieces = (_normal(piece).strip(" :,") for piece in _DIGEST_GAP.sub("…", text).split("…"))
    return _Symptom(rule, text, tuple(filter(None, pieces)), _words(_normal(text)))


@cache
def _patterns(pieces: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    # Whole words only at both ends, lest BLOB_UNKNOWN be seen in MANIFEST_BLOB_UNKNOWN.
    patterns = [re.escape(piece) for piece in pieces]
    if re.match(r"\w", pieces[0]):
        patterns[0] = r"(?<!\w)" + patterns[0]
    if re.search(r"\w$", pieces[-1]):
        patterns[-1] += r"(?!\w)"
    return tuple(map(re.compile, patterns))


def _normal(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in _QUOTES.sub("", text))
    return _GAPS.sub(" ", plain.replace("\\", "/").replace("…", "...")).strip().lower()


def _words(normal: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_VARYING.sub(" ", normal)))
