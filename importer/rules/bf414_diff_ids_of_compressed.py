"""BF414: a config that gives the digests of the packed layers where those of their content belong."""

from collections.abc import Iterator
from typing import Final

from importer.plan.flaws import DiffIdsOfCompressed
from importer.plan.titles import title_of
from importer.rules.rule import Case, Explanation, Observation, Rule, Safety, Severity
from importer.words.text import Text, listed


def find(case: Case) -> Iterator[Observation]:
    """Every image whose config calls layers by the wrong digest."""
    for image in case.plan.images:
        for flaw in image.flaws:
            if isinstance(flaw, DiffIdsOfCompressed):
                layers = listed(str(position + 1) for position in flaw.positions)
                config = image.config_blob
                yield Observation(
                    Text(
                        "the config of {} gives as diff_id of layer {} of {} the digest of the compressed blob, not "
                        "that of its content: docker unpacks the layer, gets another digest, and refuses the image",
                        title_of(image),
                        layers,
                        len(image.layers),
                    ),
                    remedy=Text("a registry tree or an OCI layout keeps it unchanged; for docker, have it rebuilt"),
                    path=config.file_path if config else None,
                    digest=config.descriptor.digest if config else None,
                    image=image,
                )


RULE: Final = Rule(
    code="BF414",
    name="diff-ids-of-compressed",
    severity=Severity.ERROR,
    fix=Safety.NONE,
    summary="the config's diff_ids are the layers' own digests: docker refuses it",
    explanation=Explanation(
        meaning=(
            "A config lists for each layer its diff_id: the digest of its content once it is unpacked. Here it has "
            "the digest of the compressed blob, the same as in the manifest. A gzip file and its content never have "
            "the same digest, so docker always finds a mismatch."
        ),
        origin=(
            "The image was made by a script or a build tool that copied the manifest's digests into the config. "
            "Registries don't compare the two, so it can be pushed but fails at the first pull."
        ),
        remedy=(
            "It names the layers and writes a registry tree or an OCI layout, byte for byte. It doesn't write a "
            "docker tar, because docker would refuse it: correcting the diff_ids would change the config and so the "
            "image id."
        ),
        advice=(
            "Tell the people who built the image: each diff_id must be the sha256 of the uncompressed tar (gunzip -c "
            "LAYER | sha256sum). This image can't have run with docker in this form."
        ),
    ),
    on_download=find,
)
