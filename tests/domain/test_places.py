"""What users write to say where an image is."""

from __future__ import annotations

import pytest

from importer.domain.places import RegistryPlace, StoragePlace, parse_place, parse_prefix

DIGEST = "sha256:" + "ab" * 32
CHILD = "sha256__" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "base", "repository", "reference"),
    [
        ("alpine", "https://registry-1.docker.io", "library/alpine", "latest"),
        ("team/app:1.4", "https://registry-1.docker.io", "team/app", "1.4"),
        ("docker.io/alpine:3", "https://registry-1.docker.io", "library/alpine", "3"),
        ("index.docker.io/team/app", "https://registry-1.docker.io", "team/app", "latest"),
        ("registry.example/team/app:1.4", "https://registry.example", "team/app", "1.4"),
        ("registry.example:5000/app", "https://registry.example:5000", "app", "latest"),
        (f"registry.example/app@{DIGEST}", "https://registry.example", "app", DIGEST),
        (f"registry.example/app:1@{DIGEST}", "https://registry.example", "app", DIGEST),
        ("localhost:5000/app", "http://localhost:5000", "app", "latest"),
        ("127.0.0.1:5000/app", "http://127.0.0.1:5000", "app", "latest"),
        ("[::1]:5000/app", "http://[::1]:5000", "app", "latest"),
        ("https://registry.example/v2/team/app:1.4", "https://registry.example", "team/app", "1.4"),
        ("https://registry.example/v2/team/app/manifests/1.4", "https://registry.example", "team/app", "1.4"),
        (f"https://registry.example/v2/app/manifests/{DIGEST}", "https://registry.example", "app", DIGEST),
        ("https://registry.example/v2/team/app/tags/list", "https://registry.example", "team/app", "latest"),
        ("https://registry.example/team/app:1.4", "https://registry.example", "team/app", "1.4"),
        ("https://h.example/artifactory/api/docker/key/v2/team/app:1.4",
         "https://h.example/artifactory/api/docker/key", "team/app", "1.4"),
        ("https://h.example/artifactory/api/docker/key/team/app:1.4",
         "https://h.example/artifactory/api/docker/key", "team/app", "1.4"),
        ("https://h.example:8443/some/prefix/v2/app", "https://h.example:8443/some/prefix", "app", "latest"),
    ],
)  # fmt: skip
def test_registries(text: str, base: str, repository: str, reference: str) -> None:
    place = parse_place(text)
    assert isinstance(place, RegistryPlace)
    assert (str(place.base), place.repository, place.manifest_reference) == (base, repository, reference)


@pytest.mark.parametrize(
    ("text", "folder", "image", "tag"),
    [
        ("/artifactory/local/team/app/1.4/", "/artifactory/local/team/app/1.4", "team/app", "1.4"),
        ("/artifactory/local/app/1.4", "/artifactory/local/app/1.4", "app", "1.4"),
        ("/artifactory/hub-cache/library/redis/7/list.manifest.json",
         "/artifactory/hub-cache/library/redis/7", "library/redis", "7"),
        ("/artifactory/local/app/1/manifest.json", "/artifactory/local/app/1", "app", "1"),
        ("/local/app/1.4/", "/local/app/1.4", "app", "1.4"),
        (f"/artifactory/local/app/{CHILD}/", f"/artifactory/local/app/{CHILD}", "app", CHILD),
    ],
)  # fmt: skip
def test_artifactory_folders(text: str, folder: str, image: str, tag: str) -> None:
    place = parse_place(f"https://h.example:8443{text}")
    assert isinstance(place, StoragePlace)
    assert (place.folder, place.image, place.tag) == (f"https://h.example:8443{folder}", image, tag)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Team/App",
        "team/app:",
        "team app",
        "registry.example/app@sha256:1234",
        "ftp://registry.example/app",
        "https:///app",
        "https://registry.example:99999/v2/app",
        "https://h.example/artifactory/local/",
        "https://h.example/artifactory/local/../../etc/1/",
        "https://registry.example/v2/../app",
        "-o",
    ],
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_place(text)


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="credentials") as refusal:
        parse_place("https://jane:s3cret@registry.example/v2/app")
    assert "s3cret" not in str(refusal.value)


def test_plain_http_is_for_this_machine_or_for_those_who_ask_for_it() -> None:
    with pytest.raises(ValueError, match="--plain-http"):
        parse_place("http://registry.example/v2/app")
    assert str(parse_place("http://registry.example/v2/app", plain_http=True).base) == "http://registry.example"
    assert str(parse_place("registry.example/app", plain_http=True).base) == "http://registry.example"


@pytest.mark.parametrize(
    "text",
    [
        "registry.example:5000/team/app:1.4",
        f"registry.example/team/app@{DIGEST}",
        "https://h.example/artifactory/api/docker/key/v2/team/app:1.4",
        "https://h.example:8443/artifactory/local/team/app/1.4/",
    ],
)
def test_a_place_is_shown_as_it_can_be_given(text: str) -> None:
    assert str(parse_place(text)) == text


@pytest.mark.parametrize(
    ("text", "base", "repository"),
    [
        ("registry.example", "https://registry.example", "team/app"),
        ("registry.example:5000/", "https://registry.example:5000", "team/app"),
        ("localhost:5000/mirror", "http://localhost:5000", "mirror/team/app"),
        ("registry.example/a/b", "https://registry.example", "a/b/team/app"),
        ("somebody", "https://registry-1.docker.io", "somebody/team/app"),
        ("https://host.example/v2", "https://host.example", "team/app"),
        ("https://host.example/v2/mirror/", "https://host.example", "mirror/team/app"),
        ("https://host.example/mirror", "https://host.example", "mirror/team/app"),
        (
            "https://host.example/artifactory/api/docker/docker-local/v2/mirror",
            "https://host.example/artifactory/api/docker/docker-local",
            "mirror/team/app",
        ),
        (
            "https://host.example/artifactory/api/docker/docker-local",
            "https://host.example/artifactory/api/docker/docker-local",
            "team/app",
        ),
    ],
)
def test_a_prefix_goes_before_each_repository(text: str, base: str, repository: str) -> None:
    place = parse_prefix(text).place_of("team/app")
    assert (str(place.base), place.repository) == (base, repository)


@pytest.mark.parametrize(
    "text",
    ["registry.example/app:1", "team/app:1.4", "registry.example/a@sha256:00", "UPPER/x", "http://a.example", ""],
)
def test_what_is_no_prefix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_prefix(text)
