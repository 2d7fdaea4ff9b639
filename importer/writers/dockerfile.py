"""A Dockerfile that gives layers the settings of an image.

Sources: Dockerfile reference; buildkit, frontend/dockerfile/instructions/parse.go (what each
instruction takes); moby, builder/dockerfile/dispatchers.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from importer.domain.run_settings import Healthcheck, RunSettings
from importer.writers.dockerfile_words import NEWLINE_ARGUMENT, json_paths, json_words, plain_or_quoted, quoted, wrapped

_PORT: Final = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?", re.IGNORECASE)
# moby, pkg/signal: the names of Linux.
_SIGNAL: Final = re.compile(
    r"[1-9][0-9]?|(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|"
    r"STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(?:\+[0-9]{1,2})?|"
    r"RTMAX(?:-[0-9]{1,2})?)",
    re.IGNORECASE,
)
_TRIGGERS: Final = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "RUN", "SHELL"),
        *("STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)
_UNITS: Final = (("h", 3600 * 10**9), ("m", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1))
_SHORTEST: Final = 10**6
_DEFAULT_SHELL: Final = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """Its text, and in plain words what of the image it can't say."""

    text: str
    unsaid: tuple[str, ...]

    @property
    def needs_newline(self) -> bool:
        """Whether ``docker build`` has to be given the newline as an argument."""
        return f"ARG {NEWLINE_ARGUMENT}\n" in self.text


@dataclass(frozen=True, slots=True)
class _Unsaid:
    what: str


_Lines = Iterator[str | _Unsaid]


def dockerfile(title: str, archives: Iterable[str], settings: RunSettings) -> Dockerfile:
    """Add the archives to nothing, one after the other, and set everything that an instruction can set.

    The title is one line of plain text, for a comment.
    """
    told = list(_instructions(settings))
    lines = [wrapped(line) for told_line in told if isinstance(told_line, str) for line in told_line.split("\n")]
    head = [f"# {title}", "FROM scratch", *(f"ADD {archive} /" for archive in archives)]
    if any(NEWLINE_ARGUMENT in line for line in lines):
        call = f"# docker build --build-arg {NEWLINE_ARGUMENT}=$'\\n' ."
        head = [head[0], call, *head[1:], f"ARG {NEWLINE_ARGUMENT}"]
    unsaid = tuple(line.what for line in told if isinstance(line, _Unsaid))
    return Dockerfile("\n".join([*head, *lines]) + "\n", unsaid)


def _instructions(settings: RunSettings) -> _Lines:
    yield from _env(settings.env)
    yield from _word("WORKDIR", settings.working_dir)
    yield from _word("USER", settings.user)
    yield from _ports(settings.ports)
    yield from _json("VOLUME", json_paths(settings.volumes), settings.volumes)
    yield from _pairs("LABEL", "the label", settings.labels)
    yield from _json("ENTRYPOINT", json_words(settings.entrypoint), settings.entrypoint)
    yield from _json("CMD", json_words(settings.cmd), settings.cmd)
    if settings.healthcheck:
        yield from _healthcheck(settings.healthcheck, settings.shell or _DEFAULT_SHELL)
    yield from _stop_signal(settings.stop_signal)
    yield from _json("SHELL", json_words(settings.shell), settings.shell)
    for trigger in settings.on_build:
        yield _on_build(trigger)
    for other in settings.others:
        yield _Unsaid(f"config.{other}: no instruction sets it")


def _env(env: Iterable[str]) -> _Lines:
    values: dict[str, str] = {}
    for entry in env:
        variable, equals, value = entry.partition("=")
        if equals and variable:
            values[variable] = value
        else:
            yield _Unsaid(f"the variable {entry!r}: it has no {'name' if equals else 'value'}")
    yield from _pairs("ENV", "the variable", values)
    if "PATH" not in values:
        yield _Unsaid("the unset PATH: docker build sets one")


def _pairs(instruction: str, what: str, pairs: Mapping[str, str]) -> _Lines:
    words = []
    for key, value in pairs.items():
        if not key or "=" in key or "\0" in key + value:
            yield _Unsaid(f"{what} {key!r}: a Dockerfile has no way to write it")
        else:
            words.append(f"{plain_or_quoted(key)}={quoted(value)}")
    if words:
        yield f"{instruction} " + " \\\n    ".join(words)


def _word(instruction: str, value: str) -> _Lines:
    if value:
        yield f"{instruction} {plain_or_quoted(value)}"


def _json(instruction: str, words: str, values: tuple[str, ...]) -> _Lines:
    if values:
        yield f"{instruction} {words}"


def _ports(ports: Iterable[str]) -> _Lines:
    wrong = [port for port in ports if not _PORT.fullmatch(port)]
    right = [port for port in ports if port not in wrong]
    if right:
        yield "EXPOSE " + " ".join(right)
    yield from (_Unsaid(f"the exposed port {port!r}: it isn't a valid port") for port in wrong)


def _stop_signal(signal: str) -> _Lines:
    if _SIGNAL.fullmatch(signal):
        yield f"STOPSIGNAL {signal}"
    elif signal:
        yield _Unsaid(f"the stop signal {signal!r}: docker build doesn't know this signal")


def _healthcheck(check: Healthcheck, shell: tuple[str, ...]) -> _Lines:
    kind, words = check.test[:1], check.test[1:]
    if kind == ("NONE",):
        yield "HEALTHCHECK NONE"
    elif kind == ("CMD",) and words:
        yield f"HEALTHCHECK {_options(check)}CMD {json_words(words)}"
    elif kind == ("CMD-SHELL",) and len(words) == 1 and _is_one_line(words[0]):
        yield f"HEALTHCHECK {_options(check)}CMD {words[0]}"
    elif kind == ("CMD-SHELL",) and len(words) == 1:
        yield f"HEALTHCHECK {_options(check)}CMD {json_words((*shell, words[0]))}"
        yield _Unsaid("the health check's shell form, because of its newlines or spaces: it calls the shell itself")
    else:
        yield _Unsaid(f"the health check {list(check.test)!r}: no instruction sets it")
    if check.start_interval:
        yield _Unsaid("the health check's start interval: only Docker 25 and later support it")


def _options(check: Healthcheck) -> str:
    times = {"interval": check.interval, "timeout": check.timeout, "start-period": check.start_period}
    options = [f"--{option}={_duration(time)} " for option, time in times.items() if time >= _SHORTEST]
    return "".join(options) + (f"--retries={check.retries} " if check.retries > 0 else "")


def _duration(nanoseconds: int) -> str:
    unit, length = next((unit, length) for unit, length in _UNITS if nanoseconds % length == 0)
    return f"{nanoseconds // length}{unit}"


def _is_one_line(command: str) -> bool:
    """Whether a shell command comes back from a Dockerfile as it was."""
    if not command or command != command.strip() or command.endswith("\\") or "\n" in command or "\0" in command:
        return False
    return not _is_word_list(command)


def _is_word_list(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list)


def _on_build(trigger: str) -> str | _Unsaid:
    first = trigger.split(maxsplit=1)[:1]
    if not first or first[0].upper() not in _TRIGGERS or not _is_one_line(trigger):
        return _Unsaid(f"the ONBUILD trigger {trigger!r}: a Dockerfile can't hold it")
    return f"ONBUILD {trigger}"
