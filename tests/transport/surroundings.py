"""Time that only passes when it is slept away, and messages that are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from importer.domain.address import BaseUrl
from importer.transport.client import Client, Surroundings
from importer.transport.credentials import Credentials
from importer.transport.network import Network, Patience
from importer.transport.retry import RetryPolicy
from importer.transport.timing import Timing


@dataclass
class FakeTime:
    """A clock for tests: sleeping moves it, and nothing waits."""

    at: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def timing(self) -> Timing:
        return Timing(now=lambda: self.at, wall=lambda: 1_700_000_000 + self.at, sleep=self.sleep, chance=lambda: 0.0)


class Listener:
    """Collects what is told."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def __call__(self, message: str) -> None:
        self.messages.append(message)

    @property
    def text(self) -> str:
        return "\n".join(self.messages)


@dataclass
class World:
    """All that a transfer needs, under the test's control."""

    time: FakeTime = field(default_factory=FakeTime)
    told: Listener = field(default_factory=Listener)
    patience: Patience = field(default_factory=lambda: Patience(5.0, 5.0))

    def surroundings(self) -> Surroundings:
        return Surroundings(Network(self.patience), self.time.timing(), RetryPolicy(), self.told)

    def client(self, url: str, credentials: Credentials | None = None, *, eager: bool = False) -> Client:
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        base = BaseUrl(scheme, authority, f"{slash}{path}".rstrip("/"))
        return Client(base, self.surroundings(), lambda: credentials, eager=eager)
