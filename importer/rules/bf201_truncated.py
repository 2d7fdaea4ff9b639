"""BF201: a true beginning of a blob, and no more."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import Truncated
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with
from importer.rules.rule import Case, Certainty, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again
from importer.words.text import Size, Text

_PROXY_LIMIT: Final = 1 << 30
_PROXY_SLACK: Final = 64 << 20


def find(case: Case) -> Iterator[Observation]:
    """Every blob of which only the first bytes are here."""
    for image, blob, cause in blobs_with(case, Truncated):
        missing = blob.descriptor.size - cause.have
        message = Text(
            "{} is cut short: {} of {} are here, {} are missing",
            whereabouts(image, blob),
            Size(cause.have),
            Size(blob.descriptor.size),
            Size(missing),
        )
        remedy = Text("{}; a resumed download needs only the last {}", fetch_again(blob), Size(missing))
        if not blob.descriptor.size:
            message = Text("{} is cut short: its tar ends after {}", whereabouts(image, blob), Size(cause.have))
            remedy = fetch_again(blob)
        if abs(cause.have - _PROXY_LIMIT) <= _PROXY_SLACK:
            message += "; a cut at 1 GiB suggests a proxy's limit (nginx: proxy_max_temp_file_size)"
        yield Observation(
            message,
            remedy=remedy,
            path=blob.file_path,
            digest=blob.descriptor.digest,
            image=image,
            certainty=Certainty.INFERRED,
        )


RULE: Final = Rule(
    code="BF201",
    name="truncated",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the beginning of a blob; the rest is missing",
    explanation=Explanation(
        meaning=(
            "The file begins as the blob should, but ends too early. The bytes that are here are good, but an "
            "incomplete layer can't be used: its digest doesn't match."
        ),
        origin=(
            "The connection broke while the file was being downloaded: a proxy's time limit, a full disk, "
            "a laptop that went to sleep. A cut at very nearly 1 GiB is typical of nginx in front of "
            "Artifactory, whose proxy_max_temp_file_size is 1024m unless someone changed it."
        ),
        remedy=(
            "It says how many bytes are here and how many are missing, and adds the blob to the download list. It "
            "never pads or invents the rest."
        ),
        advice=(
            "Download the file again, preferably with a program that can resume (curl -C - continues where the file "
            "ends). blobfix pull downloads a whole image and resumes by itself; its command complete downloads only "
            "what a folder lacks. If it stops at the same place each time, a proxy limits it: ask the proxy's "
            "administrator, or try from another network."
        ),
    ),
    on_download=find,
    causes=(Truncated,),
    symptoms=(
        "unexpected EOF",
        "Error processing tar file(exit status 1): unexpected EOF",
        "gzip: unexpected end of file",
        "incomplete deflate data",
        "failed size validation: … != …",
        "transfer closed with … bytes remaining to read",
    ),
)
