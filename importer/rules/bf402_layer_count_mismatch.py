"""BF402: manifest and config count different layers."""

from collections.abc import Iterator
from typing import Final

from importer.plan.flaws import LayerCountMismatch
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text

_EFFECT: Final = "docker refuses such an image"
_EFFECT_OF_A_SAVE: Final = "a registry's client refuses it, while docker load goes by docker save's manifest.json"
_REMEDY: Final = Text("download the manifest again; if it's the same, the image was built wrong")
_REMEDY_OF_A_SAVE: Final = Text(
    "to-docker-tar writes the image as manifest.json has it; for a registry, load that and push it"
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
            "An image counts its layers twice: the manifest lists the packed ones, the config the digests of their "
            "unpacked content, the diff_ids. Here the two lists differ in length, so no layer can be matched for sure."
        ),
        origin=(
            "The manifest was edited by hand or put together by a script, which left out a layer or named the config "
            "of another image. A config that leaves out the entries for empty layers also occurs."
        ),
        remedy="It tells both numbers and writes nothing: docker and containerd refuse an image like this.",
        advice=(
            "Download manifest.json again. If it stays as it is, have the image pushed anew by those who built it, "
            "or take another tag."
        ),
    ),
    on_download=find,
    symptoms=(
        "layers from manifest don't match image configuration",
        "invalid manifest, layers length mismatch: expected …, got …",
    ),
)
