"""What a server wants to be shown before it answers: the WWW-Authenticate header.

Sources: RFC 9110 §11.3-11.6.1 (grammar), RFC 6750 §3 (Bearer, ``error``), distribution
"Token Authentication Specification" (``realm``, ``service``, ``scope``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_GAP: Final = re.compile(r"[\s,]*")
# Values without quotes should be tokens; servers put whole addresses there.
_PARAMETER: Final = re.compile(rf'({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', re.DOTALL)
_SCHEME: Final = re.compile(rf"({_WORD})(?=\s|,|$)")
_UNREADABLE: Final = re.compile(r"[^,]*")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in; the scheme and the parameters' names are lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def realm(self) -> str:
        """Where to get a token (Bearer), or what the place is called (Basic)."""
        return self.parameters.get("realm", "")

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a token must allow: ``repository:team/app:pull,push``, several apart by spaces."""
        return tuple(self.parameters.get("scope", "").split())

    @property
    def is_insufficient_scope(self) -> bool:
        """Whether the token that was shown is right but allows too little."""
        return self.parameters.get("error") == "insufficient_scope"


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Read all challenges of all headers, in order; what can't be read is skipped.

    >>> [c.scheme for c in parse_challenges(['Negotiate, Bearer realm="https://a/t?x=1,2",scope="a b"'])]
    ['negotiate', 'bearer']
    """
    return tuple(challenge for header in headers for challenge in _challenges(header))


def preferred_challenge(headers: Iterable[str]) -> Challenge | None:
    """The challenge to answer: Bearer before Basic; a Bearer without a realm can't be answered."""
    challenges = parse_challenges(headers)
    bearer = (c for c in challenges if c.scheme == "bearer" and c.realm)
    return next(bearer, None) or next((c for c in challenges if c.scheme == "basic"), None)


def _challenges(header: str) -> Iterable[Challenge]:
    scheme: str | None = None
    parameters: dict[str, str] = {}
    position = _end_of(_GAP, header, 0)
    while position < len(header):
        if parameter := _PARAMETER.match(header, position):
            parameters.setdefault(parameter[1].lower(), _value(parameter))
            position = parameter.end()
        elif name := _SCHEME.match(header, position):
            if scheme:
                yield Challenge(scheme, parameters)
            scheme, parameters = name[1].lower(), {}
            position = name.end()
        else:
            position = _end_of(_UNREADABLE, header, position)
        position = _end_of(_GAP, header, position)
    if scheme:
        yield Challenge(scheme, parameters)


def _value(parameter: re.Match[str]) -> str:
    return parameter[3] if parameter[2] is None else _ESCAPED.sub(r"\1", parameter[2])


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
