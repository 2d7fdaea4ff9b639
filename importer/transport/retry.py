"""What is worth another try, how long to wait for it, and when to give up.

Sources: RFC 9110 §10.2.3 (Retry-After), §15 (status codes); distribution-spec, "Error Codes"
(TOOMANYREQUESTS).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from importer.errors import NetworkError
from importer.transport.header_values import seconds_since_1970, whole_number
from importer.transport.timing import Timing

PASSING_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Answers that may be another one in a moment."""

Tell = Callable[[str], None]
"""Takes a message for people while the work goes on."""


class PassingFailure(Exception):  # noqa: N818 - it isn't an error until the tries are used up
    """Something went wrong that may go right next time.

    Attributes:
        wait: how many seconds the server asked to wait, when it did.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient to be.

    Attributes:
        tries: how often in a row something may fail.
        first_delay: seconds before the second try; each further delay is twice as long.
        longest_delay: seconds that a delay may have at most.
        longest_wait: seconds that a server may ask to wait; beyond it, waiting is the user's choice.
    """

    tries: int = 5
    first_delay: float = 1.0
    longest_delay: float = 30.0
    longest_wait: float = 120.0

    def delay(self, failures: int, chance: float) -> float:
        """Seconds to wait after so many failures in a row, up to a half less by chance.

        The chance keeps clients that were cut off together from coming back together.
        """
        full = min(self.longest_delay, self.first_delay * 2.0 ** (failures - 1))
        return full * (1 - chance / 2)


class Attempts:
    """Counts the tries of one thing; those after which something was gained don't count."""

    def __init__(self, policy: RetryPolicy, timing: Timing, tell: Tell) -> None:
        self._policy = policy
        self._timing = timing
        self._tell = tell
        self._failures = 0
        self._started = timing.now()

    def gained(self) -> None:
        """Something was achieved, so the patience is as at the beginning."""
        self._failures = 0

    def failed(self, failure: PassingFailure) -> None:
        """Wait for the next try; raises NetworkError when there is none."""
        self._failures += 1
        delay = self._delay(failure)
        if delay > self._policy.longest_wait:
            raise NetworkError(
                f"{failure}; the server asks clients to wait {delay:.0f} s. Run the command again after that"
            ) from failure
        if self._failures >= self._policy.tries:
            spent = self._timing.now() - self._started
            raise NetworkError(
                f"{failure}; giving up after attempt {self._failures} of {self._policy.tries}, after {spent:.1f} s"
            ) from failure
        self._tell(f"{failure}; attempt {self._failures + 1} of {self._policy.tries} in {delay:.1f} s")
        self._timing.sleep(delay)

    def _delay(self, failure: PassingFailure) -> float:
        if failure.wait is not None:
            return failure.wait
        return self._policy.delay(self._failures, self._timing.chance())


def seconds_to_wait(header: str | None, timing: Timing) -> float | None:
    """Read a Retry-After header: seconds or a date (RFC 9110 §10.2.3); None for anything else."""
    if header is None:
        return None
    seconds = whole_number(header)
    if seconds is not None:
        return float(seconds)
    moment = seconds_since_1970(header)
    return None if moment is None else max(0.0, moment - timing.wall())
