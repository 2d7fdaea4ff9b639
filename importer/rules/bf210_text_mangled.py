"""BF210: a JSON document whose text was rewritten on its way."""

from collections.abc import Iterator
from typing import Final

from importer.plan.blobs import RepairedBlob
from importer.plan.causes import TextMangled
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every document whose encoding or line ends were changed, mended or not."""
    for image, blob, cause in blobs_with(case, TextMangled):
        change = Text("{} is {}, but its text was changed: {}", file_of(blob), whereabouts(image, blob), cause.change)
        if isinstance(blob, RepairedBlob):
            digest = blob.descriptor.digest
            yield observation(image, blob, change, Text("the original text is restored and has the digest {}", digest))
        else:
            yield observation(
                image,
                blob,
                Text("{}; no known digest proves the original text", change),
                Text(
                    "a docker tar is exact anyway; give the manifest's digest with --digest to have it restored for "
                    "a registry tree or OCI layout"
                ),
                safety=Safety.NONE,
            )


RULE: Final = Rule(
    code="BF210",
    name="text-mangled",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="a JSON document gained a BOM, UTF-16, CRLF line ends or a newline, or lost its last newline",
    explanation=Explanation(
        meaning=(
            "Manifests and configs are JSON documents, and their digests depend on every byte. The content of this "
            "one is the same, but its encoding has changed: different line ends (CRLF), UTF-16, or a byte order mark "
            "(BOM), a few invisible bytes at the beginning."
        ),
        origin=(
            "PowerShell's > writes UTF-16 with CRLF, some editors add a byte order mark or a last newline, "
            "and git, FTP in text mode or e-mail change line ends."
        ),
        remedy=(
            "It undoes such changes and uses the result if a known digest proves it. A manifest without a known "
            "digest can't be proven; a docker tar is exact even then, because docker goes by the config."
        ),
        advice=(
            "If the digest isn't known, look it up in Artifactory (docker.manifest.digest) and give it with --digest. "
            "Or download again with curl -fL -O; in PowerShell use -OutFile instead of >."
        ),
    ),
    on_download=find,
    causes=(TextMangled,),
    symptoms=(
        "image config verification failed for digest …",
        "invalid character 'ï' looking for beginning of value",
    ),
)
