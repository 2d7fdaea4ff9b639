"""What a writing command says when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from importer.recovery.plan import Plan
from importer.report.printable import for_terminal
from importer.rules.wording import title_of
from importer.writers.named_image import NamedImage


def tell_written(images: Iterable[NamedImage], plan: Plan, tell: Callable[[str], object]) -> None:
    """Name each image that was written, with its digests; a new one beside the old."""
    originals = {image.image_id: image.manifest.descriptor.digest for image in plan.images if image.image_id}
    for image in images:
        names = ", ".join(map(str, image.names)) or f"{title_of(image.plan)} (without a name)"
        tell(for_terminal(names))
        digest = image.plan.manifest_digest
        original = originals.get(image.plan.image_id) if image.plan.image_id else None
        if digest and original and digest != original:
            tell(f"  manifest {digest}  (new; the original's was {original})")
        elif digest:
            tell(f"  manifest {digest}")
        if image.plan.image_id:
            tell(f"  image id {image.plan.image_id}")
