"""What a list of referrers says of each, by distribution-spec, "Pushing Manifests with Subject"."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from importer.cli.registry import add_to_list
from importer.domain.digest import Digest
from importer.domain.manifest import parse_index, parse_manifest
from importer.domain.referrers_tag import is_referrers_tag, referrers_tag
from importer.errors import NetworkError
from importer.transport.outgoing import OutgoingImage
from importer.transport.push import RepositoryPush
from importer.writers.referrer_tags import ReferrersListing, descriptor_of

DIGEST = Digest.of(b"a manifest")
TAG = referrers_tag(Digest.of(b"its subject"))
CONFIG = {"mediaType": "application/vnd.example.config", "digest": str(Digest.of(b"{}")), "size": 2}
INDEX = "application/vnd.oci.image.index.v1+json"


def entry_of(name: bytes, **others: Any) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": str(Digest.of(name)),
        "size": 9,
        **others,
    }


def index_of(*entries: dict[str, Any], **others: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries), **others}, indent=3).encode()


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        ({"artifactType": "application/vnd.example.sbom"}, "application/vnd.example.sbom"),
        ({"artifactType": ""}, CONFIG["mediaType"]),
        ({}, CONFIG["mediaType"]),
    ],
)
def test_a_manifest_without_a_type_has_its_configs(said: dict[str, str], listed: str) -> None:
    value = {"config": CONFIG, "layers": [], "annotations": {"a": "b"}, **said}
    assert descriptor_of(parse_manifest(value), DIGEST, 77) == {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": str(DIGEST),
        "size": 77,
        "artifactType": listed,
        "annotations": {"a": "b"},
    }


def test_an_index_has_its_own_type_or_none() -> None:
    bare = {"mediaType": INDEX, "digest": str(DIGEST), "size": 77}
    assert descriptor_of(parse_index({"manifests": []}), DIGEST, 77) == bare
    typed = parse_index({"manifests": [], "artifactType": "application/vnd.example.set"})
    assert descriptor_of(typed, DIGEST, 77) == bare | {"artifactType": "application/vnd.example.set"}


def test_nothing_is_listed_twice_and_what_is_there_stays() -> None:
    present = index_of(entry_of(b"x", annotations={"by": "another"}), annotations={"kept": "yes"})
    assert ReferrersListing("a", TAG, (entry_of(b"x"),)).merged_into(present) == present
    merged = json.loads(ReferrersListing("a", TAG, (entry_of(b"x"), entry_of(b"y"))).merged_into(present))
    assert merged == json.loads(present) | {
        "manifests": [entry_of(b"x", annotations={"by": "another"}), entry_of(b"y")]
    }


def test_an_empty_list_stays_as_it_is() -> None:
    assert ReferrersListing("a", TAG, (), (index_of(),)).merged_into(None) == index_of()
    assert json.loads(ReferrersListing("a", TAG, (entry_of(b"x"),)).merged_into(index_of()))["manifests"]


def test_several_saved_lists_become_one() -> None:
    listing = ReferrersListing("", TAG, (), (index_of(entry_of(b"x")), index_of(entry_of(b"y"))))
    assert json.loads(listing.merged_into(None))["manifests"] == [entry_of(b"x"), entry_of(b"y")]


def test_only_what_is_sent_is_listed_by_a_push() -> None:
    listing = ReferrersListing("a", TAG, (), (index_of(entry_of(b"x"), entry_of(b"y")),))
    assert listing.of_those([Digest.of(b"x"), Digest.of(b"y")]) == listing
    assert listing.of_those([Digest.of(b"y")]).all_entries == (entry_of(b"y"),)


@pytest.mark.parametrize(
    ("tag", "is_one"),
    [(TAG, True), (f"{TAG}.sig", False), ("sha512-" + "a" * 64, True), ("sha256-" + "A" * 64, False), ("1.4", False)],
)
def test_tags_of_lists(tag: str, is_one: bool) -> None:
    assert is_referrers_tag(tag) is is_one


def test_a_long_digest_is_cut_to_the_length_of_a_tag() -> None:
    assert referrers_tag(Digest.parse("sha512:" + "ab" * 64)) == "sha512-" + "ab" * 32


class BusyRepository:
    """A repository in which another client writes its own list behind each of ours, so many times."""

    name = "team/app"

    def __init__(self, rivals: int) -> None:
        self.rivals = rivals
        self.content_now: bytes | None = None

    def content(self, tag: str) -> bytes | None:
        assert tag == TAG
        return self.content_now

    def put(self, image: OutgoingImage) -> None:
        assert image.tags == (TAG,)
        self.content_now = image.manifests[-1].content
        if self.rivals:
            self.rivals -= 1
            self.content_now = index_of(entry_of(b"rival %d" % self.rivals))


def test_a_list_that_another_client_wrote_over_is_added_to_again() -> None:
    repository = BusyRepository(rivals=3)
    add_to_list(cast("RepositoryPush", repository), ReferrersListing("team/app", TAG, (entry_of(b"x"),)))
    assert json.loads(repository.content_now or b"")["manifests"] == [entry_of(b"rival 0"), entry_of(b"x")]


def test_a_list_that_never_comes_to_rest_is_an_error() -> None:
    with pytest.raises(NetworkError, match="team/app:sha256-"):
        add_to_list(cast("RepositoryPush", BusyRepository(99)), ReferrersListing("team/app", TAG, (entry_of(b"x"),)))
