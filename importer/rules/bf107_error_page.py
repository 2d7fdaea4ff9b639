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
            Text("resolve what the message says (often a login), then {}", fetch_again(blob)),
        )
    for fact in lost_manifests(case.inventory, case.plan):
        if fact.kind in PAGE_KINDS:
            yield Observation(
                Text(
                    "{} is a message{}, and its folder has no other manifest",
                    FilePath(fact.file.path),
                    _quoted(fact.excerpt),
                ),
                remedy=Text("resolve what the message says (often a login), then download the file again"),
                path=fact.file.path,
                digest=fact.digest,
                severity=severity_of_lost(case, fact),
            )


def _quoted(message: str) -> Text:
    return Text(" that says “{}”", message) if message else Text(" without text")


RULE: Final = Rule(
    code="BF107",
    name="error-page",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="a server's error message was saved in place of a blob",
    explanation=Explanation(
        meaning=(
            "The file has a blob's name, but its content is a web page or an error message in JSON or XML. The "
            "server refused the download, and its error message was saved in place of the file."
        ),
        origin=(
            "Usually the login had expired or a password was missing, the file is gone (404), Xray blocks it, or a "
            "VPN or proxy returned its own page. curl saves such pages silently unless given -f; without -L it saves "
            "the redirect page."
        ),
        remedy="It quotes the message and adds the blob to the download list.",
        advice=(
            "Open the file in an editor if the quote isn't enough, and show it to the server's administrators. Then "
            "download again with curl -fL -O (and -u for user name and password): -f makes curl fail instead of "
            "saving an error page."
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
