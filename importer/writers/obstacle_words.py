"""Why docker can't load an image, in words for the user whose docker tar isn't written."""

from __future__ import annotations

from importer.plan.flaws import (
    DiffIdMismatch,
    DiffIdsOfCompressed,
    EncryptedLayers,
    ForeignSystem,
    LayerCountMismatch,
    NoImage,
    Obstacle,
    TooMuchHistory,
)
from importer.words.text import listed

_PULL_INSTEAD = "write a registry tree and pull the image from there"


def why_not_loaded(obstacle: Obstacle) -> str:  # noqa: PLR0911 (one for each obstacle)
    """The end of a sentence that begins with the image: what keeps docker from loading it, and what else helps."""
    match obstacle:
        case NoImage():
            return "is not a container image; docker can't load it, but a registry tree can hold it"
        case EncryptedLayers(positions):
            return (
                f"is encrypted ({_layers(positions)}): docker can't load it without the key; a registry tree or "
                "an OCI layout keeps it unchanged, and skopeo copy --decryption-key decrypts it"
            )
        case DiffIdsOfCompressed(positions):
            return (
                f"has a config that gives the digests of the packed layers as diff_ids ({_layers(positions)}), "
                "so docker refuses it; a registry tree or an OCI layout keeps it unchanged (blobfix explain BF414)"
            )
        case LayerCountMismatch(layers, diff_ids):
            return (
                f"contradicts itself: its manifest lists {layers} layers, its config {diff_ids} diff_ids, so docker "
                "refuses it (blobfix explain BF402)"
            )
        case TooMuchHistory(steps, diff_ids):
            return (
                f"contradicts itself: its config's history has {steps} layers and its rootfs {diff_ids} "
                "diff_ids, so docker refuses it; a registry tree or an OCI layout keeps it unchanged (blobfix "
                "explain BF306)"
            )
        case DiffIdMismatch(position):
            return (
                f"contradicts itself: layer {position + 1} doesn't hold what the config says, so docker refuses "
                "it: have it rebuilt; a registry tree or an OCI layout keeps it unchanged (blobfix explain BF403)"
            )
        case ForeignSystem("windows"):
            return f"is a Windows image, which docker loads only on Windows; {_PULL_INSTEAD}"
        case ForeignSystem(os):
            return (
                f"is made for {os}, which docker doesn't load here; a registry tree or an OCI layout keeps it unchanged"
            )
    return f"has diff_ids that docker can't check; {_PULL_INSTEAD}"


def _layers(positions: tuple[int, ...]) -> str:
    return f"layer{'s' if len(positions) > 1 else ''} {listed(str(position + 1) for position in positions)}"
