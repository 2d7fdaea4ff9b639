"""BF211: a JSON document that was indented or compacted anew."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import Reformatted
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every document whose layout was changed and is restored."""
    for image, blob, cause in blobs_with(case, Reformatted):
        yield observation(
            image,
            blob,
            Text(
                "{} is {}, in another layout; the original is {}", file_of(blob), whereabouts(image, blob), cause.style
            ),
            Text("the original text is restored and has the digest {}", blob.descriptor.digest),
        )


RULE: Final = Rule(
    code="BF211",
    name="reformatted-json",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="a JSON document was re-indented or compacted",
    explanation=Explanation(
        meaning=(
            "The manifest or config still says the same, but a program has written it anew, with other spaces and "
            "line breaks. A digest is taken of every byte, so it is another one now."
        ),
        origin=(
            "A formatter or viewer tidied it up: jq, an editor that formats when it saves, Artifactory's preview or "
            "the browser's JSON view, from which the text was copied."
        ),
        remedy=(
            "It writes the document in the few layouts that docker, BuildKit and other tools use, and takes the one "
            "whose digest is the one that is known. What comes out is the original, byte for byte."
        ),
        advice=(
            "Nothing needs to be done where the text was restored. Next time save the file itself (curl -fL -O) "
            "instead of its view."
        ),
    ),
    on_download=find,
    causes=(Reformatted,),
    symptoms=("manifest verification failed for digest …",),
)
