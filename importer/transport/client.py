"""The client of one server: authenticated, following redirects, trying again what may pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from importer.domain.address import BaseUrl, Origin
from importer.errors import LoginRequiredError, NetworkError
from importer.places.durability import Durability
from importer.transport.answer import Answer
from importer.transport.authentication import MAX_ROUNDS, Authentication, FindCredentials
from importer.transport.network import Network, Patience
from importer.transport.redirects import Body, Call, send
from importer.transport.retry import PASSING_STATUSES, Attempts, PassingFailure, RetryPolicy, Tell, seconds_to_wait
from importer.transport.stop import Stop
from importer.transport.timing import SYSTEM_TIMING, Timing


def _say_nothing(_message: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every part of the transport needs and none makes for itself.

    Attributes:
        network: makes connections.
        timing: the clock, sleep and chance.
        policy: how patiently things are tried again.
        tell: takes messages while the work goes on; may be called from several threads.
        stop: ends the work of all threads.
        durability: whether what is saved is on the disk before it is called done.
    """

    network: Network = field(default_factory=Network)
    timing: Timing = SYSTEM_TIMING
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    tell: Tell = _say_nothing
    stop: Stop = field(default_factory=Stop)
    durability: Durability = field(default_factory=Durability)

    @classmethod
    def of_command(
        cls, tell: Tell, patience: Patience | None = None, durability: Durability | None = None
    ) -> Surroundings:
        """Those of one run: an interrupt ends every sleep and every transfer."""
        stop = Stop()
        timing = replace(SYSTEM_TIMING, sleep=stop.sleep)
        return cls(Network(patience), timing, RetryPolicy(), tell, stop, durability or Durability())

    def abort(self) -> None:
        """End all work now."""
        self.stop.set()
        self.network.abort()

    def attempts(self) -> Attempts:
        """A new count of tries."""
        return Attempts(self.policy, self.timing, self.tell)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, in the words of the API.

    Attributes:
        method, url: what is asked for, and where.
        headers: additional ones.
        body: makes the body.
        scope: what a token must allow (``repository:team/app:pull``).
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that was read to its end."""

    answer: Answer
    content: bytes


class Client:
    """Talks to one server. Credentials go to its origin alone; it may be used from several threads."""

    def __init__(
        self, base: BaseUrl, surroundings: Surroundings, find: FindCredentials = lambda: None, *, eager: bool = False
    ) -> None:
        self.base = base
        self.surroundings = surroundings
        self._authentication = Authentication(surroundings.network, surroundings.timing, find, eager=eager)

    def ask(self, ask: Ask, accepted: Collection[int]) -> Answer:
        """Send a request until it is answered with one of the accepted statuses.

        Raises NetworkError for every other answer, once trying again is no use.
        """
        attempts = self.surroundings.attempts()
        while True:
            try:
                return self.ask_once(ask, accepted)
            except PassingFailure as failure:
                attempts.failed(failure)

    def fetch(self, ask: Ask, accepted: Collection[int], limit: int) -> Fetched:
        """Ask for something short and read it; a body that breaks off is asked for again.

        Raises NetworkError, also for more than ``limit`` bytes.
        """
        attempts = self.surroundings.attempts()
        while True:
            try:
                with self.ask_once(ask, accepted) as answer:
                    content = b"" if ask.method == "HEAD" else answer.read(limit)
                    return Fetched(answer, content)
            except PassingFailure as failure:
                attempts.failed(failure)

    def ask_once(self, ask: Ask, accepted: Collection[int]) -> Answer:
        """The same with one try; raises PassingFailure for what may go right next time."""
        answer = self._authenticated(ask)
        if answer.status in accepted:
            return answer
        with answer:
            if answer.status in PASSING_STATUSES:
                wait = seconds_to_wait(answer.header("Retry-After"), self.surroundings.timing)
                raise PassingFailure(_said(f"{answer.host} answers {answer.status}", answer), wait)
            lacks_login = answer.status == 401 and self._authentication.credentials is None
            raise (LoginRequiredError if lacks_login else NetworkError)(self._refusal(ask, answer))

    def _authenticated(self, ask: Ask) -> Answer:
        call = Call(ask.method, ask.url, ask.headers, ask.body)
        if Origin.of(ask.url) != self.base.origin:
            return send(self.surroundings.network, call)
        secrets = self._authentication.secrets(ask.scope)
        answer = send(self.surroundings.network, replace(call, secrets=secrets))
        for _ in range(MAX_ROUNDS):
            if answer.status != 401 or Origin.of(answer.url) != self.base.origin:
                break
            better = self._authentication.challenged(answer.headers("WWW-Authenticate"), ask.scope, secrets)
            if better is None:
                break
            answer.close()
            secrets = better
            answer = send(self.surroundings.network, replace(call, secrets=secrets))
        return answer

    def _refusal(self, ask: Ask, answer: Answer) -> str:
        what = f"{ask.method} {urlsplit(ask.url).path}"
        if answer.status == 401 and self._authentication.credentials is None:
            return _said(
                f"{answer.host} requires a login for {what}; give --username, with the password on the standard input "
                "(--password-stdin) or in BLOBFIX_PASSWORD, or use `docker login`",
                answer,
            )
        if answer.status in (401, 403):
            return _said(f"{answer.host} doesn't allow this login to {what} ({answer.status})", answer)
        return _said(f"{answer.host} answers {answer.status} to {what}", answer)


def _said(text: str, answer: Answer) -> str:
    said = answer.quoted()
    return f"{text}: {said}" if said else text
