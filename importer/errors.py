"""The few ways in which blobfix refuses to go on.

Every error is raised where it is noticed and caught once, by the command line, which prints the
message and leaves with the error's exit code. A message says what is wrong, where, and what to do
next.
"""


class BlobfixError(Exception):
    """The family's head; never raised itself."""

    exit_code = 5


class UsageError(BlobfixError):
    """The command was called in a way that can't be carried out; nothing was written."""

    exit_code = 2


class NoImageError(BlobfixError):
    """No file of the input is a manifest or an image config."""

    exit_code = 3


class CannotWriteError(BlobfixError):
    """The image can't be written at the fidelity asked for; nothing was written."""

    exit_code = 4


class InputError(BlobfixError):
    """An input can't be read."""


class NetworkError(BlobfixError):
    """A server can't be reached, refuses, or sends something else than it was asked for.

    The message names the side, and for a transfer the offset, the time and the try.
    """


class OutputError(BlobfixError):
    """The output can't be written: no permission, no space, not the right kind of place."""


class VerificationError(BlobfixError):
    """Bytes on their way to an output did not have the size or the digest they were to have.

    It happens when an input changes between the look at it and the copy of it.
    """


class ContentMismatchError(VerificationError):
    """A layer doesn't hold what the image's config says; no docker would load the image."""

    exit_code = 4


class DecodeError(BlobfixError):
    """Compressed data that was to be decompressed on the way to an output is damaged."""


class BombError(DecodeError):
    """Compressed data grows beyond all reason when it is decompressed."""

    exit_code = 4
