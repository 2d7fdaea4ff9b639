"""What a writing command says when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest
from importer.domain.platform import Host
from importer.mutate.labels import wrong_label
from importer.places.address import Literal
from importer.plan.fidelity import whole_images
from importer.plan.images import ImagePlan
from importer.plan.titles import title_of, whereabouts
from importer.words.text import listed
from importer.writers.named_image import NamedImage

_WITHOUT_SETTINGS: Final = (
    "the config is missing: this image has its files, but no start command, environment, user, ports or labels (give "
    "docker run the command: docker run IMAGE COMMAND)"
)

Tell = Callable[[str], object]
"""Says a line."""


def tell_next(purpose: str, commands: Iterable[str], tell: Tell) -> None:
    """The end of what a command says: what can be done now, and the commands that do it, to be pasted."""
    for line in ("", "Next", f"  {purpose}", *(f"    {command}" for command in commands)):
        tell(line)


def tell_written(images: Iterable[NamedImage], tell: Tell) -> None:
    """Name each image that was written, with its digests; a new one beside the old."""
    for image in images:
        nameless = f"refers to an image in {listed(image.beside)}" if image.beside else "without a name"
        tell(", ".join(map(str, image.names)) or f"{title_of(image.plan)} ({nameless})")
        if image.index:
            _tell_platform(image.plan, image.index, tell)
        original = image.original or image.plan
        _tell_digest("manifest", image.plan.manifest_digest, original.manifest_digest, tell)
        _tell_digest("image id", image.plan.image_id, original.image_id, tell)
        if image.plan.is_altered and image.plan.manifest_digest == original.manifest_digest:
            tell("  another program changed this manifest's text; its original digest is unknown")
        if _has_bare_config(image.plan, original):
            tell(f"  {_WITHOUT_SETTINGS}")
        for written, found in zip(image.plan.all_images, original.all_images, strict=False):
            _tell_labels(written, found, tell)


def _has_bare_config(written: ImagePlan, found: ImagePlan) -> bool:
    """Whether a config was made for an image whose own is missing; an edited one is a file."""
    blob = written.config_blob
    is_made = blob is not None and blob.exact is not None and isinstance(blob.exact.recipe, Literal)
    return is_made and not found.config and isinstance(found.parsed, ImageManifest)


def _tell_labels(written: ImagePlan, found: ImagePlan, tell: Tell) -> None:
    """Name each layer whose wrong media type was put right."""
    for new, old in zip(written.layers, found.layers, strict=False):
        wrong = wrong_label(old) if new.descriptor.digest == old.descriptor.digest else None
        if wrong and wrong.right_type == new.descriptor.media_type:
            tell(f"  {whereabouts(written, new)} now has the right media type: {wrong.right_type}")


def _tell_platform(written: ImagePlan, index: ImagePlan, tell: Tell) -> None:
    whole = (str(child.platform) for child in whole_images(index, Host.of_this_machine()))
    others = [platform for platform in whole if platform != str(written.platform)]
    also = f"  (also here: {listed(others)}; choose with --platform)" if others else ""
    tell(f"  platform {written.platform}{also}")


def _tell_digest(what: str, new: Digest | None, old: Digest | None, tell: Tell) -> None:
    if new:
        changed = f"  (new; the original's was {old or 'never known'})" if new != old else ""
        tell(f"  {what} {new}{changed}")
