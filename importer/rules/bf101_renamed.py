"""BF101: the right bytes under another name."""

from collections.abc import Iterator
from typing import Final

from importer.domain.file_names import manifest_name
from importer.inspection.file_facts import FileFacts
from importer.places.address import is_a_file
from importer.plan.blobs import BlobPlan, Role
from importer.plan.images import ImageIndex, ImagePlan, is_docker_save
from importer.plan.titles import whereabouts
from importer.rules.blobs import observation
from importer.rules.files import is_manifest_name, is_named_after
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import file_of
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every file that is taken as it is, of which no copy has the right name; each file once."""
    seen: set[str] = set()
    for image in case.plan.images:
        # Docker save has names of its own, by which nobody is to find a digest.
        for blob in () if is_docker_save(image) else image.all_blobs:
            fact = _taken_whole(blob)
            if not fact or fact.file.path in seen or _has_right_name(case, blob, fact):
                continue
            seen.add(fact.file.path)
            yield _observed(image, blob)


def _taken_whole(blob: BlobPlan) -> FileFacts | None:
    if not blob.file or not blob.exact or not is_a_file(blob.exact.recipe):
        return None
    return None if blob.file.file.borrowed else blob.file


def _has_right_name(case: Case, blob: BlobPlan, fact: FileFacts) -> bool:
    is_right = is_manifest_name if blob.role in (Role.MANIFEST, Role.CHILD) else is_named_after
    copies = (copy for copy in case.inventory.with_digest(blob.descriptor.digest) if not copy.file.borrowed)
    return any(is_right(case.inventory, copy.file, blob.descriptor.digest) for copy in (fact, *copies))


def _observed(image: ImagePlan, blob: BlobPlan) -> Observation:
    digest = blob.descriptor.digest
    right = manifest_name(is_index=isinstance(image, ImageIndex)) if blob.role is Role.MANIFEST else digest.file_name
    return observation(
        image,
        blob,
        Text("{} is {}, despite its name: its digest is {}", file_of(blob), whereabouts(image, blob), digest),
        Text("the file is used unchanged; Artifactory's name for it is {}", right),
    )


RULE: Final = Rule(
    code="BF101",
    name="renamed",
    severity=Severity.INFO,
    fix=Safety.SAFE,
    summary="a wanted blob whose file name isn't its digest",
    explanation=Explanation(
        meaning=(
            "The file's bytes are exactly what the image needs; only its name differs from the one in Artifactory. A "
            "blob (a layer or a config) is known by its digest, the fingerprint of its bytes, so its name doesn't "
            "matter here."
        ),
        origin=(
            "Chrome adds ' (1)' to a second download, some browsers add .gz or .json, and Windows doesn't allow "
            "colons, so sha256: becomes sha256- or sha256_. Other tools drop the prefix or write the digest in upper "
            "case, and sometimes two files are simply swapped."
        ),
        remedy=(
            "It finds files by their digests and writes each blob under its right name. Your own files aren't changed."
        ),
        advice=(
            "Nothing needs to be done. To tidy up, rename the file to the name given in the finding, sha256__ and 64 "
            "hex digits."
        ),
    ),
    on_download=find,
)
