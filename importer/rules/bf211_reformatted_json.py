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
            Text("{} is {}, reformatted; the original is {}", file_of(blob), whereabouts(image, blob), cause.style),
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
            "The manifest or config still says the same, but a program has rewritten it with different spaces and "
            "line breaks. The digest depends on every byte, so it has changed."
        ),
        origin=(
            "A formatter or viewer changed it: jq, an editor that formats on save, or text copied from Artifactory's "
            "preview or the browser's JSON view."
        ),
        remedy=(
            "It tries the few layouts that docker, BuildKit and other tools write, and uses the one that has the "
            "known digest. The result is the original, byte for byte."
        ),
        advice=(
            "Nothing needs to be done if the text was restored. Next time, save the file itself (curl -fL -O), not "
            "what the viewer shows."
        ),
    ),
    on_download=find,
    causes=(Reformatted,),
    symptoms=("manifest verification failed for digest …",),
)
