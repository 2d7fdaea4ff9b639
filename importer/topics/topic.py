"""What a topic is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """A command, and what it is for; names in it are examples."""

    purpose: str
    command: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of another program.

    Attributes:
        text: its fixed part; ``…`` stands for what varies.
        source: the program, and where in its source or its documents the message is from.
    """

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that goes wrong on the way of an image, and isn't a damaged file that a rule finds.

    Attributes:
        name: what it is asked for by; stable.
        summary: what it is, in half a sentence.
        meaning: what its messages mean.
        checks: what to look at, the likeliest first.
        advice: the commands that help.
        messages: the messages that lead here.
    """

    name: str
    summary: str
    meaning: str
    checks: tuple[str, ...]
    advice: tuple[Advice, ...]
    messages: tuple[Message, ...]
