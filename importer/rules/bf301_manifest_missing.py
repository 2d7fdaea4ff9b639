"""BF301: an image without its manifest."""

from collections.abc import Iterator
from typing import Final

from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.plan.blobs import Role
from importer.plan.causes import ManifestMissing
from importer.plan.fidelity import Fidelity, OutputKind, fidelity
from importer.plan.images import ImagePlan
from importer.plan.titles import title_of
from importer.recovery.documents.lost_manifests import lost_manifests
from importer.rules.blobs import blobs_with
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.sources.source_file import SourceFile
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every image that was put together from a config, unless another rule tells of its lost manifest."""
    told = {fact.file.folder for fact in lost_manifests(case.inventory, case.plan)}
    children = {blob.descriptor.digest for plan in case.plan.images for blob in plan.blobs if blob.role is Role.CHILD}
    has_manifests = any(image.parsed and image.manifest.is_here for image in case.plan.images)
    for image, blob, cause in blobs_with(case, ManifestMissing):
        config = image.config_blob
        if config and config.file and _is_told(config.file.file, told, children):
            continue
        if cause.writer:
            message = Text(
                "the manifest of {} isn't here, but rebuilt as {} writes it, it has a known digest",
                title_of(image),
                cause.writer,
            )
            remedy = Text("the manifest {} is rebuilt, byte for byte", blob.descriptor.digest)
        else:
            none_here = "none of the manifests here belongs to it" if has_manifests else "no file is a manifest"
            message = Text("{}, but {} lists the layers' contents: {}", none_here, _config_of(image), _found(image))
            remedy = Text(
                "{}; a registry tree gets a new manifest digest and needs "
                "--allow-new-digest. For the original, download manifest.json, or give its digest with --digest",
                _docker_tar(image, case.host),
            )
        yield Observation(message, remedy=remedy, path=config.file_path if config else None, image=image)


def _is_told(config: SourceFile, told: set[str], children: set[Digest]) -> bool:
    folder = config.folder
    return folder in told or (len(config.parts) > 1 and Digest.from_name(config.parts[-2]) in children)


def _config_of(image: ImagePlan) -> Text:
    return Text("the config {}", image.image_id)


def _docker_tar(image: ImagePlan, host: Host) -> str:
    is_whole = fidelity(image, OutputKind.DOCKER, host) is Fidelity.EXACT
    return "a docker tar is exact" if is_whole else "a docker tar can't be written until all layers are here"


def _found(image: ImagePlan) -> Text:
    here = sum(layer.content is not None for layer in image.layers)
    return Text("{} of {} are here", here, len(image.layers))


RULE: Final = Rule(
    code="BF301",
    name="manifest-missing",
    severity=Severity.ERROR,
    fix=Safety.SAFE,
    summary="no manifest; the layers were matched to the config's diff_ids",
    explanation=Explanation(
        meaning=(
            "The manifest says which files make up the image, and it is missing. The config is here and lists the "
            "digest of each layer's unpacked content (the diff_ids), so the layers can be identified and put in "
            "order."
        ),
        origin=(
            "manifest.json was overlooked among the sha256__ files, overwritten by the one of another tag, or "
            "changed beyond recognition."
        ),
        remedy=(
            "It matches the layers to the config and writes a docker tar with the original image id. It also "
            "rebuilds the manifest as each common image builder writes it; if one of these has a known digest, it is "
            "the original, and every output is exact."
        ),
        advice=(
            "For docker, to-docker-tar is all you need. For a registry, download manifest.json from the folder of "
            "the tag, or give the digest that Artifactory shows for it with --digest. Otherwise --allow-new-digest "
            "writes the same image under a new manifest digest."
        ),
    ),
    on_download=find,
    causes=(ManifestMissing,),
    symptoms=("…/json: no such file or directory", "manifest.json: no such file or directory"),
)
