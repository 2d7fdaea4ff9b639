"""BF402: manifest and config count different layers."""

from collections.abc import Iterator
from typing import Final

from importer.plan.flaws import LayerCountMismatch
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text

_EFFECT: Final = "docker refuses such an image"
_EFFECT_OF_A_SAVE: Final = "registry clients refuse it, but docker load goes by docker save's manifest.json"
_REMEDY: Final = Text("download the manifest again; if it's the same, the image was built with this mistake")
_REMEDY_OF_A_SAVE: Final = Text(
    "to-docker-tar writes the image as in manifest.json; for a registry, load that and push it"
)


def find(case: Case) -> Iterator[Observation]:
    """Every image whose manifest and config don't go together."""
    for image in case.plan.images:
        for flaw in image.flaws:
            if isinstance(flaw, LayerCountMismatch):
                yield Observation(
                    Text(
                        "the manifest of {} lists {} layers, its config {} diff_ids: {}",
                        title_of(image),
                        flaw.layers,
                        flaw.diff_ids,
                        _EFFECT_OF_A_SAVE if image.saved else _EFFECT,
                    ),
                    remedy=_REMEDY_OF_A_SAVE if image.saved else _REMEDY,
                    path=image.manifest.file_path,
                    digest=image.manifest.descriptor.digest,
                    image=image,
                    severity=Severity.WARNING if image.saved else None,
                )


RULE: Final = Rule(
    code="BF402",
    name="layer-count-mismatch",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the manifest's layers and the config's diff_ids differ in number",
    explanation=Explanation(
        meaning=(
            "An image lists its layers twice: the manifest lists the compressed blobs, the config the digests of "
            "their unpacked content (the diff_ids). Here the two lists differ in length, so layers can't be matched "
            "reliably."
        ),
        origin=(
            "The manifest was edited by hand, or made by a script that left out a layer or named another image's "
            "config. Some configs leave out the diff_ids of empty layers."
        ),
        remedy="It shows both numbers and writes nothing: docker and containerd refuse such an image.",
        advice=(
            "Download manifest.json again. If it is the same, ask the people who built the image to push it again, "
            "or use another tag."
        ),
    ),
    on_download=find,
    symptoms=(
        "layers from manifest don't match image configuration",
        "invalid manifest, layers length mismatch: expected …, got …",
    ),
)
