"""Pulling from servers that lie, and into folders that resist."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from importer.domain import media_types
from importer.domain.places import parse_place
from importer.places.durability import Durability
from importer.progress import SilentProgress
from importer.transport.client import Surroundings
from importer.transport.image_folder import ImageFolder
from importer.transport.pull import Pull
from importer.transport.sources import Login, open_image
from tests.blobfix import Result
from tests.images.generated import GeneratedImage, GeneratedIndex
from tests.in_process import run
from tests.transport.faulty_server import Fault, FaultyServer, Resource, Seen
from tests.transport.remote_images import expected_files, files_below, offer, succeed

MANIFEST = "/v2/team/app/manifests/1.4"


def pull(server: FaultyServer, folder: Path, *options: str, reference: str = ":1.4") -> Result:
    return run("pull", f"{server.host}/team/app{reference}", "-o", folder, *options)


class TestManifests:
    def put(self, server: FaultyServer, content: bytes, media_type: str = media_types.OCI_MANIFEST) -> None:
        server.resources[MANIFEST] = Resource(content, media_type)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"<!DOCTYPE html><title>Sign in</title>", "Sign in"),
            (b'{"errors":[{"code":"DENIED","message":"not for you"}]}', "not for you"),
            (b'[{"Config":"x","Layers":[]}]', "is not a manifest"),
            (b'{"schemaVersion": 1, "fsLayers": [], "history": []}', "schema version 1"),
            (b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}', "should be"),
            (b"", "is not a manifest"),
            (b"\xff\xfe\x00", "is not a manifest"),
            (b"[" * 100_000, "is not a manifest"),
        ],
    )
    def test_what_is_none(self, server: FaultyServer, tmp_path: Path, content: bytes, said: str) -> None:
        self.put(server, content)
        outcome = pull(server, tmp_path / "out")
        assert outcome.code == 5
        assert said in outcome.output
        assert not (tmp_path / "out").exists()

    def test_one_of_100_mb_is_not_read_to_its_end(self, server: FaultyServer, tmp_path: Path) -> None:
        self.put(server, b" " * 100_000_000)
        assert pull(server, tmp_path / "out").code == 5
        assert server.sent <= 100_000_000

    def test_one_with_another_digest_than_asked_for(
        self, server: FaultyServer, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        first, second = whole_index.children
        server.resources[f"/v2/team/app/manifests/{first.manifest_digest}"] = Resource(second.manifest)
        outcome = pull(server, tmp_path / "out", reference=f"@{first.manifest_digest}")
        assert outcome.code == 5
        assert str(second.manifest_digest) in outcome.output

    def test_one_with_another_digest_than_said(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        offer(server, whole_image)
        headers = {"Docker-Content-Digest": "sha256:" + "0" * 64}
        server.resources[MANIFEST] = Resource(whole_image.manifest, whole_image.media_type, headers)
        outcome = pull(server, tmp_path / "out")
        assert outcome.code == 5
        assert "changed on the server or in transit" in outcome.output

    def test_an_index_that_holds_itself_can_not_be(self, server: FaultyServer, tmp_path: Path) -> None:
        child = {"mediaType": media_types.OCI_INDEX, "digest": "sha256:" + "1" * 64, "size": 3}
        value = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [child]}
        content = json.dumps(value).encode()
        self.put(server, content)
        server.resources[f"/v2/team/app/manifests/{child['digest']}"] = Resource(content)
        assert pull(server, tmp_path / "out").code == 5

    def test_a_platform_the_server_lost_costs_only_that(
        self, server: FaultyServer, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        offer(server, whole_index)
        lost = whole_index.children[1]
        del server.resources[f"/v2/team/app/manifests/{lost.manifest_digest}"]
        assert pull(server, tmp_path / "out").code == 5
        there = expected_files(whole_index.children[0], f"team/app/{whole_index.children[0].manifest_digest.file_name}")
        assert there.items() <= files_below(tmp_path / "out").items()

    def test_a_child_that_is_named_a_thousand_times_is_asked_for_once(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        child = whole_image.descriptor
        content = json.dumps(
            {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [child] * 1000}
        ).encode()
        server.resources[MANIFEST] = Resource(content, media_types.OCI_INDEX)
        assert pull(server, tmp_path / "out").code == 5
        assert len(server.requests(f"/v2/team/app/manifests/{whole_image.manifest_digest}")) == 1

    def test_all_types_are_accepted(self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path) -> None:
        offer(server, whole_image)
        succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path)
        accepted = server.requests(MANIFEST)[0].headers["accept"]
        for kind in (*media_types.MANIFEST_TYPES, *media_types.INDEX_TYPES):
            assert kind in accepted


class TestBlobs:
    def test_a_blob_the_server_lost_costs_only_that(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        offer(server, whole_image)
        lost = whole_image.layer_digests[0]
        del server.resources[f"/v2/team/app/blobs/{lost}"]
        outcome = pull(server, tmp_path / "out")
        assert outcome.code == 5
        assert lost.short in outcome.output
        expected = expected_files(whole_image, "team/app/1.4")
        del expected[f"team/app/1.4/{lost.file_name}"]
        assert files_below(tmp_path / "out") == expected

    def test_a_token_that_expires_in_the_middle_of_a_layer(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        offer(server, whole_image)
        good = {"Bearer T0"}
        given = iter(range(100))

        def script(seen: Seen) -> Fault | None:
            if seen.path.startswith("/token"):
                token = f"T{next(given)}"
                good.add(f"Bearer {token}")
                return Fault(status=200, body=json.dumps({"token": token, "expires_in": 3600}).encode())
            if seen.headers.get("authorization") not in good:
                challenge = f'Bearer realm="{server.url}/token",scope="repository:team/app:pull"'
                return Fault(status=401, headers={"WWW-Authenticate": challenge})
            if "/blobs/" in seen.path and "range" not in seen.headers:
                return Fault(cut_at=5000, act=good.clear)
            return None

        server.script = script
        succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path / "out", "-j", "1")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")

    def test_a_layer_that_lies_elsewhere(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        with FaultyServer() as storage:
            offer(server, whole_image)
            layer = whole_image.layer_digests[0]
            storage.resources["/signed?x=1"] = Resource(whole_image.layers[0])
            server.script = lambda seen: (
                Fault(status=307, headers={"Location": f"{storage.url}/signed?x=1"})
                if str(layer) in seen.path
                else None
            )
            succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")


class TestFolders:
    def test_two_pulls_into_one_folder(self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path) -> None:
        offer(server, whole_image)
        barrier = threading.Barrier(2)

        def one() -> None:
            place = parse_place(f"{server.host}/team/app:1.4")
            surroundings = Surroundings.of_command(lambda _: None)
            image = open_image(place, surroundings, Login())
            barrier.wait()
            Pull(
                image,
                ImageFolder(tmp_path / "out", "team/app", "1.4", Durability(), surroundings.tell),
                surroundings,
                SilentProgress(),
            ).run()

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")
        for digest in whole_image.blobs:
            assert len(server.requests(f"/v2/team/app/blobs/{digest}")) == 1

    def test_a_file_where_the_folder_should_be(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        offer(server, whole_image)
        (tmp_path / "out").write_text("in the way")
        assert pull(server, tmp_path / "out").code == 5
        assert (tmp_path / "out").read_text() == "in the way"

    def test_a_link_in_the_folder_is_not_followed(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        offer(server, whole_image)
        (tmp_path / "outside").mkdir()
        (tmp_path / "out" / "team").mkdir(parents=True)
        (tmp_path / "out" / "team" / "app").symlink_to(tmp_path / "outside")
        assert pull(server, tmp_path / "out").code == 5
        assert list((tmp_path / "outside").iterdir()) == []

    def test_a_disk_that_is_too_small_is_noticed_first(
        self, server: FaultyServer, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        value = json.loads(whole_image.manifest)
        value["layers"][0]["size"] = 1 << 60
        server.resources[MANIFEST] = Resource(json.dumps(value).encode())
        outcome = pull(server, tmp_path / "out")
        assert outcome.code == 5
        assert "bytes are free; free some space there" in outcome.output
        assert server.requests("/v2/team/app/blobs") == []


class TestWords:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["Team/App"], "lower case"),
            (["https://jane:s3cret@registry.example/v2/app"], "credentials"),
            (["http://registry.example/v2/app"], "--plain-http"),
            (["registry.example/app", "--username", "jane"], "password"),
            (["registry.example/app", "--password-stdin"], "--username"),
            (["registry.example/app", "--platform", "amd64"], "--platform"),
        ],
    )
    def test_wrong_usage(self, tmp_path: Path, arguments: list[str], said: str) -> None:
        outcome = run("pull", *arguments, "-o", tmp_path / "out")
        assert outcome.code == 2
        assert said in outcome.output
        assert "s3cret" not in outcome.output

    def test_names_of_a_server_are_not_obeyed_by_the_terminal(self, server: FaultyServer, tmp_path: Path) -> None:
        server.script = lambda _: Fault(status=403, body=b'{"errors":[{"message":"\\u001b[2Jgone"}]}')
        assert "\x1b" not in pull(server, tmp_path / "out").output
