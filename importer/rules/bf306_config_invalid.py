"""BF306: a config that can't be read as one."""

from collections.abc import Iterator
from typing import Final

from importer.plan.causes import InvalidConfig
from importer.plan.flaws import TooMuchHistory
from importer.plan.images import ImagePlan
from importer.plan.titles import title_of
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text


def find(case: Case) -> Iterator[Observation]:
    """Every config that has the right digest and that docker can't make sense of for all that."""
    for image, blob, cause in blobs_with(case, InvalidConfig):
        place = Text(" at {}", cause.pointer) if cause.pointer else ""
        yield observation(
            image,
            blob,
            Text(
                (
                    "the config of {} isn't valid{}: expected {}, found {}; its digest is right, so it was built like "
                    "this"
                ),
                title_of(image),
                place,
                cause.expected,
                cause.found,
            ),
            Text("ask the people who built the image for a corrected one; downloading it again gives the same bytes"),
        )
    for image in case.plan.images:
        yield from (_of_history(image, flaw) for flaw in image.flaws if isinstance(flaw, TooMuchHistory))


def _of_history(image: ImagePlan, flaw: TooMuchHistory) -> Observation:
    config = image.config_blob
    return Observation(
        Text(
            "the config of {} has {} steps in its history that made a layer, and {} diff_ids: docker refuses the image",
            title_of(image),
            flaw.steps,
            flaw.diff_ids,
        ),
        remedy=Text(
            "have it rebuilt, with empty_layer set for each step that made no layer; a registry tree or an OCI "
            "layout keeps it unchanged"
        ),
        path=config.file_path if config else None,
        digest=config.descriptor.digest if config else None,
        image=image,
    )


RULE: Final = Rule(
    code="BF306",
    name="config-invalid",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the config has the right digest and breaks its schema",
    explanation=Explanation(
        meaning=(
            "The config says which platform an image is for, what it runs and which layers it has. The file is the "
            "one that the manifest names, but docker can't read it."
        ),
        origin=(
            "The digest proves that the download is fine: the image was pushed with this config, by a custom script "
            "or a broken build tool."
        ),
        remedy=(
            "It shows the place, what was expected there and what it found. It doesn't repair the config: its digest "
            "is the image id, so a repaired config would make a different image."
        ),
        advice="Have the image rebuilt and pushed again, or use another tag. Downloading it again doesn't help.",
    ),
    on_download=find,
    causes=(InvalidConfig,),
    symptoms=("too many non-empty layers in History section",),
)
