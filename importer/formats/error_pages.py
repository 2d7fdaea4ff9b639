"""Error messages that were saved in place of a blob.

Sources: Artifactory's REST errors (``{"errors": [{"status", "message"}]}``), the registry API's
(distribution, registry/api/errcode), S3's XML errors, and login pages in HTML.
"""

from __future__ import annotations

import html
import re
from typing import Any, Final

MAX_QUOTE: Final = 200
"""Characters of a message that are quoted."""

_SERVER_WORDS: Final = re.compile(
    r"\bHTTP/[12]|\b(?:40[0-9]|429|50[0-4])\b[ :]*[A-Z]|\b(?:not found|forbidden|unauthori[sz]ed|access denied|denied"
    r"|permission|authenticat\w+|log[ -]?in|sign[ -]?in|password|bad gateway|gateway time-?out|service unavailable"
    r"|internal server error|too ?many ?requests|rate limit|quota|rejected|blocked|redirecting|proxy|expired|error"
    # Security appliances answer in the local language.
    r"|verweigert|nicht gefunden|anmeld\w+|gesperrt|interdit|introuvable|connexion|denegado|no encontrado|prohibido)\b",
    re.IGNORECASE,
)
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_XML_TEXTS: Final = (re.compile(r"<Message>(.*?)</Message>", re.DOTALL), re.compile(r"<Code>(.*?)</Code>", re.DOTALL))
_TAG: Final = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL)


def has_server_marks(text: str) -> bool:
    """Whether a plain text looks like a server's refusal."""
    return _SERVER_WORDS.search(text) is not None


def message_of_json_error(value: Any) -> str | None:
    """The message of a JSON error body; None for any other value."""
    if not isinstance(value, dict):
        return None
    errors = value.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return _join(errors[0].get("status"), errors[0].get("code"), errors[0].get("message"))
    if isinstance(errors, str):
        return quote(errors)
    if "message" in value and not {"config", "layers", "manifests", "rootfs"} & value.keys():
        return _join(value.get("status"), value.get("code"), value["message"])
    return None


def message_of_markup(text: str) -> str:
    """The message of an HTML or XML page: its title or message element, else its first words."""
    for pattern in (*_XML_TEXTS, _TITLE):
        if (match := pattern.search(text)) and match[1].strip():
            return quote(html.unescape(match[1]))
    return quote(html.unescape(_TAG.sub(" ", text)))


def quote(text: str) -> str:
    """One printable line of at most ``MAX_QUOTE`` characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1] + "…"


def _join(*parts: object) -> str:
    return quote(" ".join(str(part) for part in parts if part not in (None, "")))
