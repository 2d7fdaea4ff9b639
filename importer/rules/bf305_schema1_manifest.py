"""BF305: a manifest of the first kind, which today's programs no longer read."""

from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import FileKind
from importer.rules.rule import Case, Explanation, Observation, OnTree, Rule, Safety, Severity
from importer.storage_tree.defects import Schema1Manifest
from importer.words.text import FilePath, Text


def find(case: Case) -> Iterator[Observation]:
    """Every schema 1 manifest among the user's own files."""
    for fact in case.inventory.facts:
        if fact.kind is FileKind.SCHEMA1 and not fact.file.borrowed:
            yield Observation(
                Text(
                    "{} is a schema 1 manifest: docker 28.2 and later and registry 3 refuse it",
                    FilePath(fact.file.path),
                ),
                remedy=Text(
                    "a registry tree keeps it unchanged; --convert-schema1 converts it to schema 2, with a new image "
                    "id and manifest digest"
                ),
                path=fact.file.path,
                digest=fact.digest,
            )


def observe(defect: Schema1Manifest) -> Observation:
    """Say which registries serve it."""
    return Observation(
        Text(
            "manifest {} of {} is of schema 1; registry 2 serves it (200), "
            "registry 3 answers 500: unrecognized manifest schema version 1",
            defect.digest,
            defect.repository,
        ),
        remedy=Text("it is kept as it is"),
        path=defect.path,
        digest=defect.digest,
    )


RULE: Final = Rule(
    code="BF305",
    name="schema1-manifest",
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    summary="a schema 1 manifest, which current programs no longer read",
    explanation=Explanation(
        meaning=(
            "The manifest is in the format that docker used until 2016. It lists the layers newest first, without "
            "their sizes, and has no config: the image's settings are in the history of each layer. Its digest "
            "excludes the signatures, so it differs from the file's sha256."
        ),
        origin=(
            "The image is very old, or an old client made Artifactory convert it: before versions 7.9.0 and 6.23.0 a "
            "remote repository could keep a schema 1 manifest.json beside the list.manifest.json of the same tag. "
            "Docker's “missing signature key” may also mean a newer manifest that the server sends without its media "
            "type, as Artifactory does when manifest.json has lost its properties."
        ),
        remedy=(
            "A registry tree keeps the image unchanged, for registry 2.8 and old versions of docker. With "
            "--convert-schema1, the writing commands convert it to schema 2: the settings become a config, and the "
            "layers are listed lowest first. A newer manifest in the same folder is preferred."
        ),
        advice=(
            "If there is a list.manifest.json or a newer manifest for the same tag, download that one. Otherwise use "
            "--convert-schema1; the image runs as before, but has a new image id and a new digest."
        ),
    ),
    on_download=find,
    on_tree=OnTree(observe, (Schema1Manifest,)),
    symptoms=(
        "schema 1 support has been removed",
        "missing signature key",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "media type application/vnd.docker.distribution.manifest.v1+prettyjws is no longer supported since containerd",
        "unrecognized manifest schema version 1",
        "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is "
        "disabled by default",
    ),
)
