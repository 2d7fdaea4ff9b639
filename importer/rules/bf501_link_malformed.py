"""BF501: a link that says more, less or something else than its digest."""

from typing import Final

from importer.rules.registry_answers import NOTHING, internal_error, request_for
from importer.rules.rule import Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import LinkMalformed
from importer.storage_tree.link_text import LinkFault
from importer.storage_tree.tree import LinkRole
from importer.words.text import FilePath, Text


def observe(defect: LinkMalformed) -> Observation:
    """Say how the text is wrong, and what comes of it."""
    return Observation(
        Text("the {} link {} {}; {}", defect.role, FilePath(defect.path or ""), defect.fault, _answer(defect)),
        remedy=Text("it is rewritten: {}, 71 bytes without a line break", defect.digest),
        path=defect.path,
        digest=defect.digest,
    )


def _answer(defect: LinkMalformed) -> Text:
    request = request_for(defect)
    if defect.role is LinkRole.INDEX:
        return NOTHING
    if defect.fault is LinkFault.NO_FILE:
        return internal_error(request, "read …/link: is a directory")
    if defect.fault is LinkFault.OTHER_DIGEST:
        return Text("{} is answered with 200 and the other blob, {}", request, defect.text_digest)
    answer = internal_error(request, defect.registry_error or "invalid checksum digest format")
    if defect.fault is LinkFault.UPPER_CASE:
        return answer + "; registry 2.8 built with an older digest library answers 404"
    return answer


RULE: Final = Rule(
    code="BF501",
    name="link-malformed",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="a registry's link isn't exactly the digest it should be",
    explanation=Explanation(
        meaning=(
            "A registry's storage consists of blobs and of small files called link, each of which holds nothing but "
            "a digest: sha256: and 64 lower-case hex digits, 71 bytes. The registry uses the whole file as the "
            "digest without trimming it, so a line break at the end makes it invalid."
        ),
        origin=(
            "A script wrote it: echo appends a line break (printf doesn't), sha256sum prints the file's name after "
            "the digest, some editors and PowerShell put a byte order mark before it. Or it was copied from "
            "another folder, or a power cut left it empty."
        ),
        remedy=(
            "It takes the digest from the name of the link's folder, or for a tag from the link's own text, and with "
            "--apply rewrites the link atomically. If the old text names something else, it is kept in "
            ".blobfix-set-aside."
        ),
        advice="Run repair-tree with --apply. In your own scripts, write links with printf %s.",
    ),
    on_tree=OnTree(observe, (LinkMalformed,)),
    symptoms=(
        "invalid checksum digest length",
        "invalid checksum digest format",
        "received unexpected HTTP status: 500 Internal Server Error",
        "read …/link: is a directory",
        "looking up blob with canonical target: … -> …",
    ),
)
