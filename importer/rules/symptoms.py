"""From an error message of another program to the rules and topics that explain it.

A symptom is the fixed part of a message; ``…`` in it stands for what varies. A message is rarely
alone: it comes in a log line with times and levels, with other quotes, in another case, or as the
half of it that someone remembers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from hashlib import blake2b
from typing import Final

from importer.rules.catalogue import all_rules
from importer.rules.rule import Rule
from importer.topics.catalogue import ALL_TOPICS
from importer.topics.topic import Topic

_LONGEST_MESSAGE: Final = 100_000
_MOST_NUMBERS: Final = 1_000
_MOST_REMEMBERED: Final = 50_000
_SHARE_OF_WORDS: Final = 0.75
_FEWEST_WORDS: Final = 3
_SHORTEST_PART: Final = 10
_NEAREST: Final = 3
_TELLING: Final = 0.2
"""A word tells the more, the fewer rules and topics have it: one that five have counts for a fifth."""

_SHORTEST_TELLING_WORD: Final = 5
_TELL_NOTHING: Final = frozenset({"docker", "image", "error", "failed", "found", "because", "there", "which"})

_QUOTES: Final = re.compile(r"""\\?["'`´‘’“”„«»]""")
_GAPS: Final = re.compile(r"\s+")
_DIGEST_GAP: Final = re.compile(r"sha256:…")
_VARYING_WORD: Final = re.compile(r"[/\\\d]")
_HEX: Final = re.compile(r"\b[0-9a-f]{8,}\b")
_WHOLE_WORD: Final = re.compile(r"\w+")
_WORD: Final = re.compile(r"[a-z_]{2,}")


class Likeness(IntEnum):
    """How a message was recognised; the higher, the surer."""

    SIMILAR_WORDS = 1
    PART_OF_SYMPTOM = 2
    WHOLE_SYMPTOM = 3


Subject = Rule | Topic
"""What explains a message."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule or a topic that explains a message.

    Attributes:
        subject: the rule or the topic.
        symptom: the one of its symptoms that was recognised.
        likeness: how.
        weight: how much of the message is explained, in characters.
    """

    subject: Subject
    symptom: str
    likeness: Likeness
    weight: int


@dataclass(frozen=True, slots=True)
class _Symptom:
    subject: Subject
    text: str
    pieces: tuple[str, ...]
    words: frozenset[str]

    @property
    def weight(self) -> int:
        return sum(map(len, self.pieces))


@dataclass(frozen=True, slots=True)
class Lines:
    """What explains lines of a log.

    Attributes:
        match: the rule or topic, and how the first of the lines was recognised.
        numbers: which lines, counted from 1; the first thousand of them.
        count: how many they are.
        first: the first of them, as it is.
    """

    match: Match
    numbers: tuple[int, ...]
    count: int
    first: str


def code_of(subject: Subject) -> str:
    """What a rule or topic is asked for by."""
    return subject.code if isinstance(subject, Rule) else subject.name


def lines_explained(log: Iterable[tuple[int, str]]) -> tuple[Lines, ...]:
    """What explains the numbered lines of a log, in its order: of each line the best, if a whole symptom is in it."""
    found: dict[str, _Gathered] = {}
    known: dict[bytes, Match | None] = {}
    for number, line in log:
        normal = _normal(line[:_LONGEST_MESSAGE])
        # Lines can be long: what was found in them is remembered by a digest, for which there is always room.
        key = blake2b(normal.encode("utf-8", "replace"), digest_size=16).digest()
        if key not in known:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            known[key] = _best_whole(normal)
        best = known[key]
        if best:
            found.setdefault(code_of(best.subject), _Gathered(best, line.strip())).add(number)
    return tuple(each.lines() for each in found.values())


@dataclass(slots=True)
class _Gathered:
    match: Match
    first: str
    numbers: list[int] = field(default_factory=list)
    count: int = 0
    last: int = 0

    def add(self, number: int) -> None:
        if number == self.last:
            return
        self.last = number
        self.count += 1
        if self.count <= _MOST_NUMBERS:
            self.numbers.append(number)

    def lines(self) -> Lines:
        return Lines(self.match, tuple(self.numbers), self.count, self.first)


def subjects_matching(message: str) -> tuple[Match, ...]:
    """The rules and topics whose symptoms are in the message, the best first, each once.

    The longest symptom wins: it says most about the message. Only when no symptom is there as a
    whole do halves and similar words count.
    """
    found = sorted(_matches(_normal(message[:_LONGEST_MESSAGE])), key=_rank)
    surest = found[0].likeness if found else None
    best: dict[str, Match] = {}
    for match in found:
        if match.likeness is surest:
            best.setdefault(code_of(match.subject), match)
    return tuple(best.values())


def subjects_nearest(message: str) -> tuple[Match, ...]:
    """For a message that nothing explains: up to three rules and topics whose symptoms share telling words with it."""
    words = _words(_normal(message[:_LONGEST_MESSAGE]))
    scored = [(sum(_rarity(word) for word in symptom.words & words), symptom) for symptom in _described()]
    best: dict[str, Match] = {}
    for score, symptom in sorted(scored, key=lambda pair: (-pair[0], code_of(pair[1].subject))):
        if score >= _TELLING:
            near = Match(symptom.subject, symptom.text, Likeness.SIMILAR_WORDS, len(symptom.words & words))
            best.setdefault(code_of(symptom.subject), near)
    return tuple(best.values())[:_NEAREST]


@cache
def _rarity(word: str) -> float:
    if len(word) < _SHORTEST_TELLING_WORD or word in _TELL_NOTHING:
        return 0
    return 1 / max(len({code_of(symptom.subject) for symptom in _described() if word in symptom.words}), 1)


def _rank(match: Match) -> tuple[int, int, bool, str]:
    # What happens every day comes before a damaged file or storage with the same message.
    return -match.likeness, -match.weight, isinstance(match.subject, Rule), code_of(match.subject)


def _matches(message: str) -> Iterator[Match]:
    words = _words(message)
    for symptom in _symptoms():
        if _holds(message, symptom.pieces):
            yield Match(symptom.subject, symptom.text, Likeness.WHOLE_SYMPTOM, symptom.weight)
        elif _is_good_part(message, symptom):
            yield Match(symptom.subject, symptom.text, Likeness.PART_OF_SYMPTOM, len(message))
        elif len(symptom.words) >= _FEWEST_WORDS and len(symptom.words & words) >= _SHARE_OF_WORDS * len(symptom.words):
            yield Match(symptom.subject, symptom.text, Likeness.SIMILAR_WORDS, len(symptom.words & words))


def _best_whole(message: str) -> Match | None:
    """The first of the matches of the message, if a whole symptom is in it."""
    index, symptoms = _places_by_word(), _symptoms()
    words = {"", *_WHOLE_WORD.findall(message)}
    candidates = (symptoms[place] for place in sorted(place for word in index.keys() & words for place in index[word]))
    matches = (
        Match(symptom.subject, symptom.text, Likeness.WHOLE_SYMPTOM, symptom.weight)
        for symptom in candidates
        if _holds(message, symptom.pieces)
    )
    return min(matches, key=_rank, default=None)


@cache
def _places_by_word() -> Mapping[str, Sequence[int]]:
    """Where each symptom is, under a word without which no message has it; or under "", if it has no such word."""
    needed = [_needed_words(symptom.pieces) for symptom in _symptoms()]
    commonness = Counter(word for words in needed for word in words)
    places: dict[str, list[int]] = {}
    for place, words in enumerate(needed):
        rarest = min(words, key=lambda word: (commonness[word], -len(word), word), default="")
        places.setdefault(rarest, []).append(place)
    return places


def _needed_words(pieces: tuple[str, ...]) -> frozenset[str]:
    # At both ends of a gap a message may have more of the word.
    needed: set[str] = set()
    for number, piece in enumerate(pieces):
        is_first, is_last = number == 0, number == len(pieces) - 1
        for word in _WHOLE_WORD.finditer(piece):
            if (is_first or word.start()) and (is_last or word.end() < len(piece)):
                needed.add(word.group())
    return frozenset(needed)


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
    of_rules = (_read(rule, text) for rule in all_rules() for text in rule.symptoms)
    of_topics = (_read(topic, message.text) for topic in ALL_TOPICS for message in topic.messages)
    return (*of_rules, *of_topics)


@cache
def _described() -> tuple[_Symptom, ...]:
    """All symptoms, and what the topics are in a few words: someone may say it in words of their own."""
    return (*_symptoms(), *(_read(topic, topic.summary) for topic in ALL_TOPICS))


def _read(subject: Subject, text: str) -> _Symptom:
    pieces = (_normal(piece).strip(" :,") for piece in _DIGEST_GAP.sub("…", text).split("…"))
    return _Symptom(subject, text, tuple(filter(None, pieces)), _words(_normal(text)))


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
    plain = _QUOTES.sub("", text)
    if not plain.isprintable():
        plain = "".join(c if c.isprintable() else " " for c in plain)
    return _GAPS.sub(" ", plain.replace("\\", "/").replace("…", "...")).strip().lower()


def _words(normal: str) -> frozenset[str]:
    fixed = " ".join(word for word in normal.split(" ") if not _VARYING_WORD.search(word))
    return frozenset(_WORD.findall(_HEX.sub(" ", fixed)))
