"""BF304: the other manifest.json, that of docker save."""

from collections.abc import Iterator
from typing import Any, Final

from importer.formats.signatures import FileKind
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import FilePath, Text, listed


def find(case: Case) -> Iterator[Observation]:
    """Every docker save manifest among the user's own files."""
    for fact in case.inventory.facts:
        if fact.kind is FileKind.DOCKER_SAVE_MANIFEST and fact.document and not fact.file.borrowed:
            yield Observation(
                Text(
                    "{} is a docker save manifest, not a registry's: it names {}",
                    FilePath(fact.file.path),
                    _contents(fact.document.value),
                ),
                remedy=Text("it is read as such"),
                path=fact.file.path,
                digest=fact.digest,
            )


def _contents(entries: list[dict[str, Any]]) -> Text:
    tags = [str(tag) for entry in entries if isinstance(entry.get("RepoTags"), list) for tag in entry["RepoTags"]]
    count = "1 image" if len(entries) == 1 else Text("{} images", len(entries))
    return Text("{} ({})", count, listed(tags) or "untagged")


RULE: Final = Rule(
    code="BF304",
    name="docker-save-manifest",
    severity=Severity.INFO,
    fix=Safety.NONE,
    summary="a docker save manifest.json (an array), read as such",
    explanation=Explanation(
        meaning=(
            "Two different documents are called manifest.json. A registry's (and Artifactory's) is a JSON object "
            "with digests; the one that docker save writes and docker load reads is an array [ … ] of paths inside "
            "the tar. This is the latter."
        ),
        origin="The folder is an unpacked docker save archive, or was assembled for docker load.",
        remedy=(
            "It distinguishes the two by content, never by name. When it writes a docker tar, it puts the right one "
            "at the archive's root, with the image's name in it (--name gives another one)."
        ),
        advice=(
            "Nothing needs to be done. Don't tar a download from Artifactory by hand for docker load: docker would "
            "find the wrong manifest.json, or none at the root. Use blobfix to-docker-tar instead."
        ),
    ),
    on_download=find,
    symptoms=(
        "json: cannot unmarshal object into Go value of type []…manifestItem",
        "json: cannot unmarshal array into Go value of type manifest.Versioned",
        "open …/docker-import-…/json: no such file or directory",
        "open …/docker-import-…/repositories: no such file or directory",
        "invalid archive: does not contain a manifest.json",
        "unrecognized image format",
        "Loaded image ID: sha256:…",
    ),
)
