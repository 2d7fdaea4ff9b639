"""A file called manifest.json that holds none, beside images that are here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import damage
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import scan

IMAGE = make_image(sample_layers("whole", 5_000))


def test_it_is_an_image_that_is_lost(tmp_path: Path) -> None:
    write_artifactory_folder(IMAGE, tmp_path / "team" / "whole" / "1")
    (tmp_path / "team" / "gone" / "2").mkdir(parents=True)
    (tmp_path / "team" / "gone" / "2" / "manifest.json").touch()
    seen = scan(tmp_path)
    assert seen.code == 4
    assert [one["path"] for one in seen.report["unread"]] == [str(tmp_path / "team" / "gone" / "2" / "manifest.json")]


@pytest.mark.parametrize("is_known", [False, True])
def test_it_is_the_manifest_of_the_image_that_was_put_together_beside_it(is_known: bool, tmp_path: Path) -> None:
    folder = write_artifactory_folder(IMAGE, tmp_path / "team" / "whole" / "1")
    damage.empty(folder / "manifest.json")
    seen = scan(tmp_path, *(("--digest", str(IMAGE.manifest_digest)) if is_known else ()))
    assert (seen.code, seen.report["unread"]) == (1, [])
    assert seen.image["outputs"]["registry-tree"] == ("exact" if is_known else "same-image")
