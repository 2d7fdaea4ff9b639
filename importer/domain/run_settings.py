"""How a container of an image runs: the ``config`` object of an image config.

Sources: OCI image-spec, config.md; Docker "Image Specification v1.2"; moby, api/types/container/config.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from importer.domain.json_members import LARGEST, as_go_reads, child, text, text_map, texts, whole_number

_LEAST: Final = -LARGEST - 1
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
    """Read the settings of an image config; raises ValueError for what Go's decoder refuses."""
    value = child(config, "config") or {}
    check = child(value, "Healthcheck")
    return RunSettings(
        env=texts(value, "Env"),
        entrypoint=texts(value, "Entrypoint"),
        cmd=texts(value, "Cmd"),
        shell=texts(value, "Shell"),
        on_build=texts(value, "OnBuild"),
        user=text(value, "User"),
        working_dir=text(value, "WorkingDir"),
        stop_signal=text(value, "StopSignal"),
        ports=_names(child(value, "ExposedPorts")),
        volumes=_names(child(value, "Volumes")),
        labels=dict(sorted(text_map(value, "Labels").items())),
        healthcheck=_healthcheck(check) if check else None,
        others=_names({name: set_ for name, set_ in value.items() if set_ and name not in _KNOWN | _MEANINGLESS}),
    )


def _healthcheck(value: Mapping[str, Any]) -> Healthcheck:
    return Healthcheck(
        test=texts(value, "Test"),
        interval=whole_number(value, "Interval", least=_LEAST),
        timeout=whole_number(value, "Timeout", least=_LEAST),
        start_period=whole_number(value, "StartPeriod", least=_LEAST),
        start_interval=whole_number(value, "StartInterval", least=_LEAST),
        retries=whole_number(value, "Retries", least=_LEAST),
    )


def _names(members: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple(sorted(as_go_reads(name) for name in members or ()))
