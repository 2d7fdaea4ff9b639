"""BF107: an error message in a blob's place."""

from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import PAGE_KINDS
from importer.plan.causes import ErrorPage
from importer.plan.titles import whereabouts
from importer.recovery.documents.lost_manifests import lost_manifests
from importer.rules.blobs import blobs_with, observation
from importer.rules.files import severity_of_lost
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of
from importer.words.text import FilePath, Text


def find(case: Case) -> Iterator[Observation]:
    """Every blob, and every manifest, in whose place a server's message was saved."""
    for image, blob, cause in blobs_with(case, ErrorPage):
        yield observation(
            image,
            blob,
            Text("{} is a message{}, not {}", file_of(blob), _quoted(cause.message), whereabouts(image, blob)),
            Text("clear up what the message says (often a log-in), then {}", fetch_again(blob)),
        )
    for fact in lost_manifests(case.inventory, case.plan):
        if fact.kind in PAGE_KINDS:
            yield Observation(
                Text(
                    "{} is a message{}, and its folder has no other manifest",
                    FilePath(fact.file.path),
                    _quoted(fact.excerpt),
                ),
                remedy=Text("clear up what the message says (often a log-in), then download the file again"),
                path=fact.file.path,
                digest=fact.digest,
                severity=severity_of_lost(case, fact),
            )


def _quoted(message: str) -> Text:
    return Text(" that says “{}”", message) if message else Text(" without words")


RULE: Final = Rule(
    code="BF107",
    name="error-page",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a server's error message was saved in place of a blob",
    explanation=Explanation(
        meaning=(
            "The file has a blob's name, but it holds a text for people or programs: a web page, or an error in JSON "
            "or XML. The server has refused, and the refusal was saved as if it were the file."
        ),
        origin=(
            "Mostly the log-in had expired or a password was missing, the file is gone (404), Xray blocks it, "
            "or a VPN or proxy put its own page in between. curl saves such pages without a word unless given -f; "
            "without -L it saves the page that only says where to look."
        ),
        remedy="It quotes what the message says and puts the blob on the list of what to download.",
        advice=(
            "Open the file in an editor if the quote isn't enough, and take it to the people who run the server. "
            "Then download again with curl -fL -O (and -u for user name and password): -f makes an error an error."
        ),
    ),
    on_download=find,
    causes=(ErrorPage,),
    symptoms=(
        "invalid character '<' looking for beginning of value",
        "Artifact download request rejected: … was not downloaded due to the download blocking policy configured in "
        "Xray for …",
        "Only one auth mechanism allowed",
        "UNAUTHORIZED",
        "Redirecting...",
    ),
)
