"""The errors that end a command, and the exit codes of all commands.

Every error is raised where it is noticed and caught once, by the command line, which prints the
message and exits with the error's code. A message says what is wrong, where, and what to do next.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended; README.md says what each means for which command."""

    INTACT = 0
    REPAIRABLE = 1
    USAGE = 2
    NO_IMAGE = 3
    INCOMPLETE = 4
    TROUBLE = 5
    INTERRUPTED = 130


class BlobfixError(Exception):
    """Base class of all errors that blobfix raises on purpose; never raised itself."""

    exit_code = ExitCode.TROUBLE


class UsageError(BlobfixError):
    """The options or arguments can't be used together or make no sense; nothing was written."""

    exit_code = ExitCode.USAGE


class NoImageError(BlobfixError):
    """No file of the input is a manifest or an image config."""

    exit_code = ExitCode.NO_IMAGE


class CannotWriteError(BlobfixError):
    """The image can't be written at the fidelity asked for; nothing was written."""

    exit_code = ExitCode.INCOMPLETE


class InputError(BlobfixError):
    """An input can't be read."""


class NetworkError(BlobfixError):
    """A server can't be reached, refuses, or sends something other than what was requested.

    The message names the server, and for a transfer the offset, the time and the attempt.
    """


class LoginRequiredError(NetworkError):
    """A server wants a login, and none was given for it."""


class ClusterError(BlobfixError):
    """A Dask cluster can't be reached, or isn't fit for the work; the message names the worker that isn't."""


class OutputError(BlobfixError):
    """The output can't be written: no permission, no space, or the wrong kind of place."""


class VerificationError(BlobfixError):
    """Bytes on their way to an output don't have the expected size or digest.

    This happens when an input changes after it was inspected and before it is copied.
    """


class ContentMismatchError(VerificationError):
    """A layer doesn't hold what the image's config says; no docker would load the image."""

    exit_code = ExitCode.INCOMPLETE


class DecodeError(BlobfixError):
    """Compressed data is damaged and can't be decompressed."""


class BombError(DecodeError):
    """Compressed data decompresses to far more than any real layer."""

    exit_code = ExitCode.INCOMPLETE
