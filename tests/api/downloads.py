"""Downloads for the tests of what programs import."""

from __future__ import annotations

from pathlib import Path

from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder


def download(place: Path) -> tuple[Path, GeneratedImage]:
    """A folder with an image as Artifactory shows it, under the name team/app:1.4."""
    image = make_image([{"etc/motd": b"hello\n"}, {"srv/data": bytes(range(256)) * 64}])
    write_artifactory_folder(image, place / "downloads" / "team" / "app" / "1.4")
    return place / "downloads", image


def layer_file(folder: Path, image: GeneratedImage, position: int) -> Path:
    """The file of a layer in such a folder."""
    return folder / "team" / "app" / "1.4" / image.layer_digests[position].file_name
