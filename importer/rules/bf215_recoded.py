"""BF215: a blob that a program took for text, and rewrote."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from importer.formats.transfer_codings.coding import RECODINGS
from importer.plan.causes import Recoded, Replaced
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation, safety_of
from importer.rules.files import archive_observation, decoded_archives
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of, undoing
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob that was rewritten as text, mended or not."""
    for image, blob, cause in blobs_with(case, Recoded):
        yield observation(
            image,
            blob,
            Text("{} is {}, rewritten as text: {}", file_of(blob), whereabouts(image, blob), cause.coding),
            undoing(blob, cause, Text("this is undone; the result has the digest {}", blob.descriptor.digest)),
            safety_of(blob),
        )
    for image, blob, _ in blobs_with(case, Replaced):
        lost = observation(
            image,
            blob,
            Text(
                "{} was {}, but a program read it as UTF-8 text and wrote EF BF BD (U+FFFD) for every byte that it "
                "couldn't read; those bytes are lost",
                file_of(blob),
                whereabouts(image, blob),
            ),
            fetch_again(blob),
            Safety.NONE,
        )
        yield replace(lost, severity=Severity.ERROR)
    for path, coding in decoded_archives(case).items():
        if coding in RECODINGS:
            yield archive_observation(path, "rewritten as text", coding)


RULE: Final = Rule(
    code="BF215",
    name="recoded",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="a blob was rewritten as text: line ends were changed, or its bytes were converted to UTF-8",
    explanation=Explanation(
        meaning=(
            "A layer is binary data, but a program took it for text. It changed the line ends (LF to CRLF or back), "
            "or it read each byte as a character of Latin-1 or cp1252 and wrote UTF-8. Both can be undone if no byte "
            "was lost. EF BF BD (U+FFFD) in many places means that unreadable bytes were replaced: these can't be "
            "restored."
        ),
        origin=(
            "FTP in ASCII mode, a file opened in text mode on Windows, git with autocrlf, an editor, or a script that "
            "reads a download as a string and writes it as UTF-8: response.text in Python, Buffer.toString() in "
            "Node.js, Get-Content in PowerShell."
        ),
        remedy=(
            "It undoes the change while reading the file, and uses the result if its digest is the wanted one. What "
            "contains EF BF BD goes to the download list."
        ),
        advice=(
            "Next time, transfer files as binary (in ftp: binary; in Python: response.content). If bytes were lost, "
            "download the file again, and in PowerShell use Invoke-WebRequest -OutFile."
        ),
    ),
    on_download=find,
    causes=(Recoded, Replaced),
)
