"""What a bucket's server, or the way to it, refuses: in our own words, which hold no credentials.

obstore's messages are not shown: they have the whole request in them, and with Azure's shared access signatures that is
the secret itself.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from importer.errors import BlobfixError, NetworkError, OutputError, UsageError

_STATUS: Final = re.compile(r"status code: ([0-9]{3})")
_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_OWN_LOGIN: Final = ("169.254.169.254", "169.254.170.2", "/latest/api/token", "token request")
"""Where a machine in a cloud gets credentials, which is asked when the environment has none."""

_BAD_LOGIN: Final = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "ExpiredToken",
    "RequestTimeTooSkewed",
    "AuthenticationFailed",
    "AuthorizationFailure",
    "InvalidAuthenticationInfo",
}
_ELSEWHERE: Final = {"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"}
_LOGINS: Final = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY (or AZURE_STORAGE_SAS_KEY)",
}
_ANONYMOUS: Final = {
    "s3": "AWS_SKIP_SIGNATURE=true",
    "gs": "GOOGLE_SKIP_SIGNATURE=true",
    "az": "AZURE_SKIP_SIGNATURE=true",
}
_ENDPOINTS: Final = {"s3": "AWS_ENDPOINT_URL and AWS_REGION", "gs": "the bucket's name", "az": "AZURE_STORAGE_ENDPOINT"}


class ObjectChangedError(OSError):
    """The object is another one than a moment ago."""

    def __init__(self, shown: str) -> None:
        super().__init__(errno.ESTALE, "has changed while it was read", shown)


class ObjectInTheWayError(OutputError):
    """Somebody else has written an object since it was looked at."""

    def __init__(self, shown: str) -> None:
        super().__init__(
            f"{shown}: has changed since it was checked; run the command again when nothing writes to the bucket"
        )


class CloudError(OSError):
    """One object or listing can't be had; ``strerror`` says why, and what to do."""


def is_not_partial(error: Exception) -> bool:
    """Whether a server has sent the whole object where a part was asked for."""
    return "non-partial response" in str(error)


def is_out_of_range(error: Exception) -> bool:
    """Whether the part that was asked for begins after the object's end."""
    return _status(error) == 416


def is_panic(error: BaseException) -> bool:
    """Whether it is a panic of Rust's, which pyo3 makes a BaseException of a type that can't be imported."""
    return type(error).__name__ == "PanicException"


def unusable(shown: str, scheme: str) -> UsageError:
    """The error for settings of which no request can be made."""
    return UsageError(f"{shown}: no request can be made with these settings; check {_LOGINS[scheme]}")


def translated(error: Exception, shown: str, scheme: str, endpoint: str) -> Exception:
    """The error to raise instead: OSError for one object, NetworkError or UsageError for the whole bucket."""
    server = endpoint or _provider(scheme)
    return next(chain(_of_the_bucket(error, shown, scheme, server), _of_the_object(error, shown, server)))


def _of_the_bucket(error: Exception, shown: str, scheme: str, server: str) -> Iterator[BlobfixError]:
    text, status, code = str(error), _status(error), _code(error)
    answer = _answer(error)
    if code in {"NoSuchBucket", "ContainerNotFound"}:
        yield UsageError(f"{shown}: no such bucket at {server}; check its name, and {_ENDPOINTS[scheme]}")
    if "Account must be specified" in text:
        yield UsageError(f"{shown}: the storage account isn't known; set AZURE_STORAGE_ACCOUNT_NAME")
    if "service account file" in text:
        yield UsageError(
            f"{shown}: the file with the credentials is missing, or isn't one; check GOOGLE_APPLICATION_CREDENTIALS"
        )
    if "Invalid Access Key" in text:
        yield UsageError(f"{shown}: the account's key isn't base64; check AZURE_STORAGE_ACCOUNT_KEY")
    if any(place in text for place in _OWN_LOGIN):
        yield NetworkError(
            f"{shown}: no credentials for {server}; set {_LOGINS[scheme]}, or {_ANONYMOUS[scheme]} for a public bucket"
        )
    if code in _BAD_LOGIN or status == 401:
        yield NetworkError(f"{shown}: {server} refuses the credentials ({answer}); check {_LOGINS[scheme]}")
    if code in _ELSEWHERE or status in {301, 307}:
        yield NetworkError(f"{shown}: the bucket is in another region ({answer}); set AWS_REGION to the bucket's own")
    if reason := _no_way(text):
        yield NetworkError(f"{shown}: {server} can't be reached: {reason}; check {_ENDPOINTS[scheme]} and the network")


def _of_the_object(error: Exception, shown: str, server: str) -> Iterator[OSError]:
    kind, status = type(error).__name__, _status(error)
    answer = _answer(error)
    if kind == "AlreadyExistsError":
        yield FileExistsError(errno.EEXIST, "is there already", shown)
    if isinstance(error, FileNotFoundError):
        yield FileNotFoundError(errno.ENOENT, "no such object", shown)
    if kind == "PermissionDeniedError" or status == 403:
        yield CloudError(errno.EACCES, f"access denied ({answer}); see docs/buckets.md for the permissions", shown)
    if kind == "PreconditionError" or status == 412:
        yield ObjectChangedError(shown)
    if kind == "InvalidPathError" or "Could not parse path" in str(error):
        yield CloudError(
            errno.EINVAL, "keys with empty parts, with . or .., or control characters can't be read; rename them", shown
        )
    yield CloudError(errno.EIO, f"{server} answered {answer}; try again later", shown)


def _no_way(text: str) -> str:
    if "error sending request" not in text and "HTTP error" not in text:
        return ""
    reasons = {
        "dns error": "its name isn't known",
        "ConnectionRefused": "connection refused",
        "TimedOut": "timed out",
        "certificate": "its certificate isn't trusted",
        "InvalidMessage": "it doesn't speak TLS there",
    }
    return next((reason for word, reason in reasons.items() if word in text), "the connection broke")


def _status(error: Exception) -> int | None:
    found = _STATUS.search(str(error))
    return int(found[1]) if found else None


def _code(error: Exception) -> str:
    found = _CODE.search(str(error))
    return found[1] if found else ""


def _answer(error: Exception) -> str:
    """The status and the code of it, as in ``403 AccessDenied``."""
    return " ".join(filter(None, (str(_status(error) or ""), _code(error)))) or "with an error"


def _provider(scheme: str) -> str:
    return {"s3": "Amazon S3", "gs": "Google Cloud Storage", "az": "Azure"}[scheme]
