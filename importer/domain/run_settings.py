"""How a container of an image runs: the ``config`` object of an image config.

Sources: OCI image-spec, config.md; Docker "Image Specification v1.2"; moby, api/types/container/config.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_KNOWN: Final = frozenset(
    (
        *("Env", "Entrypoint", "Cmd", "Shell", "OnBuild", "User", "WorkingDir", "StopSignal"),
        *("ExposedPorts", "Volumes", "Labels", "Healthcheck"),
    )
)
# Docker writes them while it builds, and no container of another build sees them.
_MEANINGLESS: Final = frozenset({"Hostname", "Image", "ArgsEscaped"})


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """How docker tells whether a container is well; times in nanoseconds, 0 leaves them to docker."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What ``docker run`` takes from an image; ``others`` are members that no Dockerfile instruction sets."""

    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    stop_signal: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    healthcheck: Healthcheck | None = None
    others: tuple[str, ...] = ()


def parse_run_settings(config: Mapping[str, Any]) -> RunSettings:
    """Read the settings of an image config that its schema has accepted."""
    value: Mapping[str, Any] = config.get("config") or {}
    labels = {_text(name): _text(label) for name, label in (value.get("Labels") or {}).items()}
    return RunSettings(
        env=_texts(value.get("Env")),
        entrypoint=_texts(value.get("Entrypoint")),
        cmd=_texts(value.get("Cmd")),
        shell=_texts(value.get("Shell")),
        on_build=_texts(value.get("OnBuild")),
        user=_text(value.get("User") or ""),
        working_dir=_text(value.get("WorkingDir") or ""),
        stop_signal=_text(value.get("StopSignal") or ""),
        ports=tuple(sorted(_texts(value.get("ExposedPorts")))),
        volumes=tuple(sorted(_texts(value.get("Volumes")))),
        labels=dict(sorted(labels.items())),
        healthcheck=_healthcheck(value["Healthcheck"]) if value.get("Healthcheck") else None,
        others=tuple(sorted(name for name, set_ in value.items() if set_ and name not in _KNOWN | _MEANINGLESS)),
    )


def _healthcheck(value: Mapping[str, Any]) -> Healthcheck:
    return Healthcheck(
        test=_texts(value.get("Test")),
        interval=value.get("Interval") or 0,
        timeout=value.get("Timeout") or 0,
        start_period=value.get("StartPeriod") or 0,
        start_interval=value.get("StartInterval") or 0,
        retries=value.get("Retries") or 0,
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in value or ())


def _text(value: str) -> str:
    # Go reads half a surrogate pair as this character, and so does docker.
    return _LONE_SURROGATES.sub("\ufffd", value)
