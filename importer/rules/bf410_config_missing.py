"""BF410: an image without its config."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import ConfigMissing
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again
from importer.words.text import Text

_WHOLE: Final = "its layers are all here"
_SAVED: Final = "only the manifest.json of docker save names it"


def find(case: Case) -> Iterator[Observation]:
    """Every container image whose config is nowhere."""
    for image, blob, _ in blobs_with(case, ConfigMissing):
        here = bool(image.layers) and all(layer.is_here for layer in image.layers)
        salvage = _SAVED if not image.layers else _WHOLE if here else "and not all of its layers are here either"
        remedy = Text("{}, or give a place that has it with --borrow", fetch_again(blob))
        yield Observation(
            Text(
                "{} is missing: no file here has the digest {}; {}",
                whereabouts(image, blob),
                blob.descriptor.digest,
                salvage,
            ),
            remedy=Text("{}. --salvage writes a minimal config: all files, but a new image id", remedy)
            if here
            else remedy,
            digest=blob.descriptor.digest,
            image=image,
            safety=Safety.UNSAFE if here else Safety.NONE,
        )


RULE: Final = Rule(
    code="BF410",
    name="config-missing",
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
    summary="no config; a minimal one can be written for the layers",
    explanation=Explanation(
        meaning=(
            "The config is the small JSON file that says how the image is run: its command, environment, user and "
            "layers. Its digest is the image id. It is missing, so the original image can't be rebuilt."
        ),
        origin=(
            "Unlike the other files it is small and isn't an archive, so it is easily missed when a folder is saved, "
            "or a browser opened it instead of saving it."
        ),
        remedy=(
            "It adds the config to the download list. With --salvage, the writing commands make a minimal config for "
            "the layers: the file system is complete, but the command, environment and user are lost, and the image "
            "gets a new id, which is shown."
        ),
        advice=(
            "Download the file; it is only a few kilobytes. If it is no longer available, write the image with "
            "--salvage and set the command and environment again in a Dockerfile based on it."
        ),
    ),
    on_download=find,
    causes=(ConfigMissing,),
    symptoms=("error pulling image configuration: … unknown blob",),
)
