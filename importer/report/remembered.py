"""What a report says of how much was read now, and how much is remembered of earlier runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from importer.words.text import Size
from importer.work.remembering import Account


def told_of(account: Account) -> str:
    """A line for people."""
    read = f"Read now: {_files(account.files_read)}, {Size(account.bytes_read)}."
    if not account.files_remembered:
        return f"{read} Nothing is remembered of earlier runs."
    first, last = _day(account.oldest), _day(account.newest)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    remembered = f"{_files(account.files_remembered)}, {Size(account.bytes_remembered)}, read {when}"
    return (
        f"{read} Remembered: {remembered}. A disk that loses bits changes no file's times; "
        "--max-age DAYS reads again what is older."
    )


def account_as_json(account: Account) -> dict[str, Any]:
    """For scripts."""
    return {
        "read": {"files": account.files_read, "bytes": account.bytes_read},
        "remembered": {
            "files": account.files_remembered,
            "bytes": account.bytes_remembered,
            "oldest": _time(account.oldest),
            "newest": _time(account.newest),
        },
    }


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def _time(nanoseconds: int) -> str | None:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).isoformat() if nanoseconds else None


def _day(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).date().isoformat()
