"""nginx in front: a path prefix, a limit on temporary files, gzip in the way, a time limit; and Artifactory's paths."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.damage import cut_at, flip_byte, marker, zero_range
from tests.images.generated import (
    GeneratedImage,
    GeneratedIndex,
    make_image,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry
from tests.programs.nginx import Nginx
from tests.transport.remote_images import expected_files, expected_index_files, files_below, put_image, succeed

StartNginx = Callable[[str], Nginx]


@pytest.fixture
def registry(serve_registry: Callable[..., DockerRegistry], tmp_path: Path) -> DockerRegistry:
    return serve_registry(tmp_path / "registry")


class TestInFrontOfARegistry:
    def test_a_path_before_v2(
        self, nginx: StartNginx, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        proxy = nginx(
            "location /artifactory/api/docker/local/ {"
            f" proxy_pass http://{registry.host}/; proxy_set_header Host $http_host; }}"
        )
        write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")
        base = f"{proxy.url}/artifactory/api/docker/local"
        succeed("push", tmp_path / "in", f"{base}/v2/team/app:1.4")
        succeed("pull", f"{base}/v2/team/app:1.4", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")
        assert succeed("tags", f"{base}/v2/team/app").output == "1.4\n"

    def test_a_body_limit_makes_the_chunks_smaller(
        self, nginx: StartNginx, registry: DockerRegistry, tmp_path: Path
    ) -> None:
        proxy = nginx(
            f"client_max_body_size 100k; location / {{ proxy_pass http://{registry.host};"
            " proxy_set_header Host $http_host; }"
        )
        image = make_image([{"data": os.urandom(1_000_000)}])
        write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
        outcome = succeed("push", tmp_path / "in", f"{proxy.host}/team/app:1.4")
        assert "rejects chunks of that size (413)" in outcome.output
        assert registry.manifest("team/app", "1.4") == image.manifest

    def test_a_cut_at_the_size_of_temporary_files(
        self, nginx: StartNginx, registry: DockerRegistry, tmp_path: Path
    ) -> None:
        image = make_image([{"data": gzip.compress(bytes(1000)) + os.urandom(6_000_000)}])
        put_image(registry.host, image, "team/app", "1.4", tmp_path / "in")
        proxy = nginx(
            "proxy_buffers 8 16k; proxy_buffer_size 16k; proxy_busy_buffers_size 32k; sendfile off;"
            " proxy_max_temp_file_size 1m; proxy_temp_file_write_size 64k;"
            f" location / {{ proxy_pass http://{registry.host}; proxy_set_header Host $http_host; }}"
        )
        succeed("pull", f"{proxy.host}/team/app:1.4", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(image, "team/app/1.4")

    def test_gzip_on_the_way(
        self, nginx: StartNginx, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        proxy = nginx(
            "gzip on; gzip_proxied any; gzip_min_length 1; gzip_types *;"
            f" location / {{ proxy_pass http://{registry.host}; proxy_set_header Host $http_host; }}"
        )
        succeed("pull", f"{proxy.host}/team/app:1.4", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")


def location(root: Path, extra: str = "") -> str:
    return f"location /artifactory/ {{ alias {root}/; {extra} }}"


class TestArtifactoryPaths:
    """nginx serves the folders as Artifactory's storage path does."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Path:
        root = tmp_path / "storage"
        root.mkdir()
        # The worker of an nginx that is run as root is another user.
        for folder in (tmp_path, *list(tmp_path.parents)[:2]):
            folder.chmod(0o755)
        return root

    def test_an_image(self, nginx: StartNginx, storage: Path, whole_image: GeneratedImage, tmp_path: Path) -> None:
        write_artifactory_folder(whole_image, storage / "local" / "team" / "app" / "1.4")
        url = f"{nginx(location(storage)).url}/artifactory/local/team/app/1.4/"
        succeed("pull", url, "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")

    @pytest.mark.parametrize("separator", [":", "__"])
    def test_an_index_with_its_children_beside_it(
        self, nginx: StartNginx, storage: Path, whole_index: GeneratedIndex, tmp_path: Path, separator: str
    ) -> None:
        write_artifactory_index(whole_index, storage / "local" / "team" / "app" / "1.4", separator=separator)
        url = f"{nginx(location(storage)).url}/artifactory/local/team/app/1.4/"
        succeed("pull", url, "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_index_files(whole_index, "team/app", "1.4")

    def test_an_old_manifest_beside_the_index_is_left_aside(
        self, nginx: StartNginx, storage: Path, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        folder = write_artifactory_index(whole_index, storage / "local" / "team" / "app" / "1.4")
        (folder / "manifest.json").write_text('{"schemaVersion": 1, "fsLayers": []}')
        url = f"{nginx(location(storage)).url}/artifactory/local/team/app/1.4/"
        succeed("pull", url, "-o", tmp_path / "out")
        assert run("scan", tmp_path / "out").code == 0

    def test_a_marker_is_replaced_through_the_api(
        self, nginx: StartNginx, registry: DockerRegistry, storage: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        folder = write_artifactory_folder(whole_image, storage / "hub-cache" / "library" / "team" / "app" / "1.4")
        marker(folder / whole_image.layer_digests[1].file_name)
        proxy = nginx(
            f"location /artifactory/api/docker/hub/ {{ proxy_pass http://{registry.host}/;"
            f" proxy_set_header Host $http_host; }} {location(storage)}"
        )
        url = f"{proxy.url}/artifactory/hub-cache/library/team/app/1.4/"
        succeed("pull", url, "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "library/team/app/1.4")

    def test_a_password(
        self,
        nginx: StartNginx,
        storage: Path,
        whole_image: GeneratedImage,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write_artifactory_folder(whole_image, storage / "local" / "team" / "app" / "1.4")
        (storage / "users").write_text("jane:{PLAIN}s3cret\n")
        url = f"{nginx(location(storage, f'auth_basic x; auth_basic_user_file {storage}/users;')).url}"
        address = f"{url}/artifactory/local/team/app/1.4/"
        assert run("pull", address, "-o", tmp_path / "out").code == 5
        monkeypatch.setenv("BLOBFIX_PASSWORD", "s3cret")
        succeed("pull", address, "-o", tmp_path / "out", "--username", "jane")

    def test_a_key(
        self,
        nginx: StartNginx,
        storage: Path,
        whole_image: GeneratedImage,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        write_artifactory_folder(whole_image, storage / "local" / "team" / "app" / "1.4")
        url = nginx(location(storage, 'if ($http_x_jfrog_art_api != "k3y") { return 403; }')).url
        address = f"{url}/artifactory/local/team/app/1.4/"
        assert run("pull", address, "-o", tmp_path / "out").code == 5
        monkeypatch.setenv("BLOBFIX_API_KEY", "k3y")
        succeed("pull", address, "-o", tmp_path / "out")

    def test_a_folder_that_is_not_there(self, nginx: StartNginx, storage: Path, tmp_path: Path) -> None:
        outcome = run("pull", f"{nginx(location(storage)).url}/artifactory/local/app/1/", "-o", tmp_path / "out")
        assert outcome.code == 5
        assert "neither list.manifest.json nor manifest.json" in outcome.output

    def test_an_unpacking_proxy(
        self, nginx: StartNginx, storage: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        """The server says of a gzip layer that it is encoded, and nginx decodes it for clients that can't."""
        write_artifactory_folder(whole_image, storage / "local" / "team" / "app" / "1.4")
        server = nginx(location(storage, "add_header Content-Encoding gzip;"))
        proxy = nginx(f"gunzip on; location / {{ proxy_pass http://{server.host}; proxy_set_header Host $http_host; }}")
        config = whole_image.image_id.file_name
        plain = nginx(
            f"gunzip on; location / {{ proxy_pass http://{server.host}; }}"
            f" location ~ (json|{config})$ {{ root {storage}; rewrite ^/artifactory/(.*)$ /$1 break; }}"
        )
        assert proxy.host != plain.host
        outcome = succeed("pull", f"{plain.url}/artifactory/local/team/app/1.4/", "-o", tmp_path / "out")
        assert "BF206" in outcome.output
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")


class TestComplete:
    """A damaged folder is completed from nginx serving the Artifactory paths, and then is intact."""

    @pytest.fixture
    def url(self, nginx: StartNginx, whole_image: GeneratedImage, tmp_path: Path) -> str:
        for folder in (tmp_path, *list(tmp_path.parents)[:2]):
            folder.chmod(0o755)
        write_artifactory_folder(whole_image, tmp_path / "storage" / "local" / "team" / "app" / "1.4")
        self.server = nginx(location(tmp_path / "storage"))
        return f"{self.server.url}/artifactory/local/team/app/1.4/"

    @pytest.fixture
    def folder(self, whole_image: GeneratedImage, tmp_path: Path) -> Path:
        return write_artifactory_folder(whole_image, tmp_path / "damaged" / "team" / "app" / "1.4")

    def layer(self, image: GeneratedImage, folder: Path, position: int) -> Path:
        return folder / image.layer_digests[position].file_name

    def bytes_served(self) -> int:
        return sum(int(line.split()[9]) for line in self.server.access_log)

    def test_one_truncated_and_one_missing_layer(
        self, url: str, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        first = self.layer(whole_image, folder, 0)
        size = first.stat().st_size
        cut_at(first, size - 1000)
        missing = self.layer(whole_image, folder, 1)
        missing_size = missing.stat().st_size
        missing.unlink()
        assert run("scan", tmp_path / "damaged").code == 4
        succeed("complete", tmp_path / "damaged", "--from", url)
        assert run("scan", tmp_path / "damaged").code == 0
        assert files_below(tmp_path / "damaged") == expected_files(whole_image, "team/app/1.4")
        assert self.bytes_served() < missing_size + 1000 + 65536 + len(whole_image.manifest) + 2000

    @pytest.mark.parametrize("damage", [lambda path: flip_byte(path, 5000), lambda path: zero_range(path, 20_000)])
    def test_damaged_layers_are_replaced(
        self, url: str, folder: Path, whole_image: GeneratedImage, tmp_path: Path, damage: Callable[[Path], Path]
    ) -> None:
        damage(self.layer(whole_image, folder, 0))
        succeed("complete", tmp_path / "damaged", "--from", url)
        assert files_below(tmp_path / "damaged") == expected_files(whole_image, "team/app/1.4")

    def test_a_beginning_of_something_else(
        self, url: str, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        first = self.layer(whole_image, folder, 0)
        first.write_bytes(gzip.compress(os.urandom(100_000))[:60_000])
        succeed("complete", tmp_path / "damaged", "--from", url)
        assert files_below(tmp_path / "damaged") == expected_files(whole_image, "team/app/1.4")

    def test_a_missing_manifest(self, url: str, folder: Path, whole_image: GeneratedImage, tmp_path: Path) -> None:
        (folder / "manifest.json").unlink()
        succeed("complete", tmp_path / "damaged", "--from", url)
        assert files_below(tmp_path / "damaged") == expected_files(whole_image, "team/app/1.4")

    def test_an_empty_folder_is_a_pull(self, url: str, whole_image: GeneratedImage, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        succeed("complete", tmp_path / "empty", "--from", url)
        assert files_below(tmp_path / "empty") == {
            name.rpartition("/")[2]: content for name, content in expected_files(whole_image, "x").items()
        }

    def test_nothing_is_lacking(self, url: str, folder: Path, tmp_path: Path) -> None:
        succeed("complete", tmp_path / "damaged", "--from", url)
        assert self.server.access_log == []

    def test_what_the_server_lacks_too(
        self, url: str, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        gone = self.layer(whole_image, folder, 0)
        shutil.copy(gone, tmp_path / "spare")
        gone.unlink()
        self.layer(whole_image, folder, 1).unlink()
        (tmp_path / "storage" / "local" / "team" / "app" / "1.4" / gone.name).unlink()
        outcome = run("complete", tmp_path / "damaged", "--from", url)
        assert outcome.code == 5
        assert "404" in outcome.output
        assert self.layer(whole_image, folder, 1).is_file()

    def test_an_index_alone_gets_its_children(
        self, nginx: StartNginx, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        for folder in (tmp_path, *list(tmp_path.parents)[:2]):
            folder.chmod(0o755)
        write_artifactory_index(whole_index, tmp_path / "storage" / "local" / "team" / "app" / "1.4", separator=":")
        place = tmp_path / "damaged" / "team" / "app" / "1.4"
        place.mkdir(parents=True)
        (place / "list.manifest.json").write_bytes(whole_index.manifest)
        url = f"{nginx(location(tmp_path / 'storage')).url}/artifactory/local/team/app/1.4/"
        succeed("complete", tmp_path / "damaged", "--from", url)
        assert files_below(tmp_path / "damaged") == expected_index_files(whole_index, "team/app", "1.4")
        assert run("scan", tmp_path / "damaged").code == 0

    def test_from_a_registry(
        self, registry: DockerRegistry, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        self.layer(whole_image, folder, 2).unlink()
        (folder / Digest.of(whole_image.config).file_name).unlink()
        succeed("complete", tmp_path / "damaged", "--from", f"{registry.host}/team/app:1.4")
        assert files_below(tmp_path / "damaged") == expected_files(whole_image, "team/app/1.4")

    def test_links_that_lead_out_are_not_followed(
        self, nginx: StartNginx, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        for folder in (tmp_path, *list(tmp_path.parents)[:2]):
            folder.chmod(0o755)
        write_artifactory_index(whole_index, tmp_path / "storage" / "local" / "team" / "app" / "1.4")
        place = tmp_path / "damaged" / "team" / "app" / "1.4"
        place.mkdir(parents=True)
        (place / "list.manifest.json").write_bytes(whole_index.manifest)
        (tmp_path / "outside").mkdir()
        (place.parent / whole_index.children[0].manifest_digest.file_name).symlink_to(tmp_path / "outside")
        url = f"{nginx(location(tmp_path / 'storage')).url}/artifactory/local/team/app/1.4/"
        outcome = run("complete", tmp_path / "damaged", "--from", url)
        assert outcome.code == 5
        assert list((tmp_path / "outside").iterdir()) == []
