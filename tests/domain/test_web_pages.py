"""Addresses of web pages lead to the image that they show, or to an error that says what to give instead."""

from __future__ import annotations

import pytest

from importer.domain.places import RegistryPlace, StoragePlace, parse_place
from importer.domain.web_pages import image_of_page

HEX = "4f" * 32
FOLDER = "https://h.example/artifactory/docker-local/team/app/1.4/"


@pytest.mark.parametrize(
    "page",
    [
        "/ui/repos/tree/General/docker-local/team/app/1.4",
        "/ui/repos/tree/General/docker-local/team/app/1.4/",
        "/ui/repos/tree/General/docker-local/team/app/1.4/manifest.json",
        f"/ui/repos/tree/Properties/docker-local/team/app/1.4/sha256__{HEX}?projectKey=a",
        "/ui/repos/tree/General/docker-local%2Fteam%2Fapp%2F1.4?clearFilter=true#top",
        "/ui/native/docker-local/team/app/1.4/",
        "/artifactory/webapp/#/artifacts/browse/tree/General/docker-local/team/app/1.4",
        "/artifactory/webapp/#/artifacts/browse/tree/General/docker-local/team/app/1.4/manifest.json",
    ],
)
def test_artifactory_pages_are_folders(page: str) -> None:
    place = parse_place(f"https://h.example{page}")
    assert isinstance(place, StoragePlace)
    assert str(place) == FOLDER


def test_blanks_may_be_encoded_or_not() -> None:
    page = "https://h.example/ui/repos/tree/General/my{0}repo/team/app/1.4"
    assert parse_place(page.format(" ")) == parse_place(page.format("%20"))
    assert str(parse_place(page.format(" "))) == "https://h.example/artifactory/my%20repo/team/app/1.4/"


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("https://n.example/#browse/browse:hosted:v2/team/app/tags/1.4",
         "https://n.example/repository/hosted/v2/team/app:1.4"),
        ("https://n.example/#browse/browse:hosted:v2%2Fteam%2Fapp%2Fmanifests%2F1.4",
         "https://n.example/repository/hosted/v2/team/app:1.4"),
        ("https://n.example/nexus/#browse/browse:hosted:v2/team/app/manifests/sha256:" + HEX,
         f"https://n.example/nexus/repository/hosted/v2/team/app@sha256:{HEX}"),
        ("https://hub.docker.com/_/nginx", "docker.io/library/nginx:latest"),
        ("https://hub.docker.com/_/nginx/tags", "docker.io/library/nginx:latest"),
        ("https://hub.docker.com/r/jane/app", "docker.io/jane/app:latest"),
        ("https://hub.docker.com/r/jane/app/tags?page=2", "docker.io/jane/app:latest"),
        ("https://hub.docker.com/layers/jane/app/1.4/images/sha256-" + HEX, "docker.io/jane/app:1.4"),
        ("https://github.com/Jane/Project/pkgs/container/app/123?tag=1.4", "ghcr.io/jane/app:1.4"),
        ("https://github.com/orgs/Jane/packages/container/package/app", "ghcr.io/jane/app:latest"),
        ("https://quay.io/repository/jane/app?tab=tags&tag=1.4", "quay.io/jane/app:1.4"),
    ],
)  # fmt: skip
def test_pages_of_registries_are_references(page: str, shown: str) -> None:
    place = parse_place(page)
    assert isinstance(place, RegistryPlace)
    assert str(place) == shown


@pytest.mark.parametrize(
    ("page", "advice"),
    [
        ("https://h.example/harbor/projects/3/repositories/app/artifacts-tab/artifacts/sha256:" + HEX,
         "give h.example/PROJECT/app"),
        ("https://git.example/group/project/container_registry/12", "Copy image path"),
        ("https://h.example/ui/packages/docker:%2F%2Fteam%2Fapp/1.4", "open the image under Artifacts"),
    ],
)  # fmt: skip
def test_pages_that_do_not_tell_the_image_say_what_does(page: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_place(page)


@pytest.mark.parametrize(
    "url",
    [
        FOLDER,
        "https://registry.example/v2/team/app/manifests/1.4",
        "https://registry.example/team/app:1.4",
        "https://quay.example/repository/key/v2/app",
        "https://jane:secret@h.example/harbor/projects/3/repositories/app",
    ],
)
def test_other_addresses_are_no_pages(url: str) -> None:
    assert image_of_page(url) is None
