"""docker-registry plain, behind htpasswd, and with tokens: push, pull, tags, inspect."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo
from tests.programs.token_server import PASSWORD, REFRESH_TOKEN, USER, TokenServer
from tests.transport.remote_images import expected_files, expected_index_files, files_below, put_image, succeed

Serve = Callable[..., DockerRegistry]


@pytest.fixture
def registry(serve_registry: Serve, tmp_path: Path) -> DockerRegistry:
    return serve_registry(tmp_path / "registry")


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOBFIX_PASSWORD", PASSWORD)


class TestRoundTrip:
    def test_an_image(self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        assert registry.manifest("team/app", "1.4") == whole_image.manifest
        succeed("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, "team/app/1.4")

    def test_an_index_and_one_platform_of_it(
        self, registry: DockerRegistry, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_index, "team/app", "1.4", tmp_path / "in")
        succeed("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_index_files(whole_index, "team/app", "1.4")
        succeed("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "arm", "--platform", "linux/arm64")
        assert files_below(tmp_path / "arm") == expected_files(whole_index.children[1], "team/app/1.4")
        assert run("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path, "--platform", "linux/s390x").code == 2

    def test_by_digest(self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        digest = whole_image.manifest_digest
        succeed("pull", f"{registry.host}/team/app@{digest}", "-o", tmp_path / "out")
        assert files_below(tmp_path / "out") == expected_files(whole_image, f"team/app/{digest.file_name}")

    def test_what_is_pulled_is_intact(
        self, registry: DockerRegistry, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_index, "team/app", "1.4", tmp_path / "in")
        succeed("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "out")
        assert run("scan", tmp_path / "out").code == 0

    def test_a_second_pull_downloads_no_blob(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        succeed("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "out")
        times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
        succeed("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "out")
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()} == times

    def test_a_second_push_uploads_no_blob(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        outcome = succeed("push", tmp_path / "in", f"{registry.host}/team/app:1.4")
        assert "0 blobs uploaded, 4 were there already" in outcome.output


class TestSkopeoAgrees:
    """What blobfix pushes, skopeo finds with the digests that its own push makes."""

    @pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
    def test_images(self, registry: DockerRegistry, skopeo: Skopeo, tmp_path: Path, kind: str) -> None:
        image = make_image(sample_layers(kind, 200_000), kind, docker=kind == "gzip")
        put_image(registry.host, image, "team/app", kind, tmp_path / "in")
        assert skopeo.raw_manifest(f"docker://{registry.host}/team/app:{kind}").encode() == image.manifest
        skopeo.copy(f"docker://{registry.host}/team/app:{kind}", f"dir:{tmp_path / 'dir'}", "--preserve-digests")
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == image.manifest

    def test_an_index(
        self, registry: DockerRegistry, skopeo: Skopeo, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_index, "team/app", "1.4", tmp_path / "in")
        skopeo.copy(f"docker://{registry.host}/team/app:1.4", f"dir:{tmp_path / 'dir'}", "--all", "--preserve-digests")
        assert (tmp_path / "dir" / "manifest.json").read_bytes() == whole_index.manifest

    def test_an_artifact(self, registry: DockerRegistry, skopeo: Skopeo, tmp_path: Path) -> None:
        chart = make_image(sample_layers("chart", 20_000), docker=False)
        value = json.loads(chart.manifest)
        value["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
        value["layers"] = value["layers"][:1]
        value["layers"][0]["mediaType"] = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
        folder = write_artifactory_folder(chart, tmp_path / "in" / "team" / "chart" / "1.0")
        (folder / "manifest.json").write_text(json.dumps(value))
        succeed("push", tmp_path / "in", f"{registry.host}/team/chart:1.0")
        assert json.loads(skopeo.raw_manifest(f"docker://{registry.host}/team/chart:1.0")) == value


class TestPushing:
    def test_all_tags(self, registry: DockerRegistry, tmp_path: Path) -> None:
        for tag in ("1.3", "1.4"):
            write_artifactory_folder(make_image(sample_layers(tag, 20_000)), tmp_path / "in" / "team" / "app" / tag)
        assert run("push", tmp_path / "in", f"{registry.host}/mirror/app").code == 2
        succeed("push", tmp_path / "in", f"{registry.host}/mirror", "--all-tags")
        assert sorted(registry.tags("mirror/team/app")) == ["1.3", "1.4"]
        assert succeed("tags", f"{registry.host}/mirror/team/app").output.split() == ["1.3", "1.4"]

    def test_five_repositories_stay_five(self, registry: DockerRegistry, skopeo: Skopeo, tmp_path: Path) -> None:
        base = sample_layers("base", 20_000)
        images = {f"team{number}/app": make_image([*base, {"n": str(number).encode()}]) for number in range(5)}
        for name, image in images.items():
            write_artifactory_folder(image, tmp_path / "in" / name / "1")
        pushed = succeed("push", tmp_path / "in", registry.host, "--all-tags")
        assert registry.catalog() == sorted(images)
        for name, image in images.items():
            assert skopeo.raw_manifest(f"docker://{registry.host}/{name}:1").encode() == image.manifest
        wanted = sum(len(image.blobs) for image in images.values())
        assert f"{wanted} blobs uploaded, 0 were there already" in pushed.output
        # What the first repository got is mounted into the others.
        sent = len({digest for image in images.values() for digest in image.blobs})
        assert registry.log.count("http.request.method=PATCH") == sent
        again = succeed("push", tmp_path / "in", registry.host, "--all-tags")
        assert f"0 blobs uploaded, {wanted} were there already" in again.output

    def test_a_tag_of_another_image_is_said_and_stays(self, registry: DockerRegistry, tmp_path: Path) -> None:
        old, new = (make_image(sample_layers(text, 9_000)) for text in ("old", "new"))
        for image in (old, new):
            write_artifactory_folder(image, tmp_path / image.image_id.hex / "team" / "app" / "1")
        first, second = (tmp_path / image.image_id.hex for image in (old, new))
        succeed("push", first, f"{registry.host}/team/app:1")
        for where in ([f"{registry.host}/team/app:1"], [registry.host, "--all-tags"]):
            refused = run("push", second, *where)
            assert refused.code == 2
            assert f"{registry.host}/team/app:1 named {old.manifest_digest} before" in refused.output
            assert registry.manifest("team/app", "1") == old.manifest
        replaced = succeed("push", second, registry.host, "--all-tags", "--replace-tags")
        assert f"{registry.host}/team/app:1 named {old.manifest_digest} before" in replaced.output
        assert registry.manifest("team/app", "1") == new.manifest
        succeed("push", second, f"{registry.host}/team/app:1")

    def test_two_images_of_one_name_are_refused(self, registry: DockerRegistry, tmp_path: Path) -> None:
        for text in ("old", "new"):
            image = make_image(sample_layers(text, 9_000))
            write_artifactory_folder(image, tmp_path / "in" / text.upper() / "team" / "app" / "1")
        refused = run("push", tmp_path / "in", registry.host, "--all-tags")
        assert refused.code == 2
        assert "two images are called team/app:1" in refused.output
        assert registry.catalog() == []

    def test_a_reference_without_a_tag_takes_the_images_own(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")
        succeed("push", tmp_path / "in", f"{registry.host}/mirror/app")
        assert registry.tags("mirror/app") == ["1.4"]

    def test_layers_are_mounted_from_a_neighbour(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        succeed("push", tmp_path / "in", f"{registry.host}/team/other:1.4", "--mount-from", "team/app")
        assert registry.manifest("team/other", "1.4") == whole_image.manifest
        assert not (registry.root / "docker/registry/v2/repositories/team/other/_uploads").exists()

    def test_a_damaged_image_is_not_pushed(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        folder = write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")
        (folder / whole_image.layer_digests[0].file_name).unlink()
        assert run("push", tmp_path / "in", f"{registry.host}/team/app:1.4").code == 4
        assert registry.catalog() == []


class TestInspecting:
    def test_says_what_the_image_is(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        remote = succeed("inspect", f"{registry.host}/team/app:1.4").output
        for text in (*whole_image.layer_digests, whole_image.image_id, whole_image.manifest_digest, "linux/amd64"):
            assert str(text) in remote
        local = succeed("inspect", str(tmp_path / "in")).output
        assert local.splitlines()[1:] == remote.splitlines()[1:]

    def test_raw_is_the_exact_bytes(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        assert succeed("inspect", "--raw", f"{registry.host}/team/app:1.4").stdout == whole_image.manifest
        assert succeed("inspect", "--config", f"{registry.host}/team/app:1.4").stdout == whole_image.config

    def test_an_index_lists_its_platforms(
        self, registry: DockerRegistry, whole_index: GeneratedIndex, tmp_path: Path
    ) -> None:
        put_image(registry.host, whole_index, "team/app", "1.4", tmp_path / "in")
        assert "linux/arm64" in succeed("inspect", f"{registry.host}/team/app:1.4").output


class TestHtpasswd:
    @pytest.fixture
    def registry(self, serve_registry: Serve, htpasswd: str, tmp_path: Path) -> DockerRegistry:
        return serve_registry(tmp_path / "registry", settings=htpasswd)

    def test_nobody_gets_in_without_the_password(self, registry: DockerRegistry, tmp_path: Path) -> None:
        outcome = run("pull", f"{registry.host}/team/app:1.4", "-o", tmp_path / "out")
        assert outcome.code == 5
        assert "docker login" in outcome.output
        assert not (tmp_path / "out").exists()

    def test_a_login_from_the_environment(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path, password: None
    ) -> None:
        write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")
        name = f"{registry.host}/team/app:1.4"
        succeed("push", tmp_path / "in", name, "--username", USER)
        succeed("pull", name, "-o", tmp_path / "out", "--username", USER)
        assert run("scan", tmp_path / "out").code == 0

    def test_dockers_own_login(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "docker").mkdir()
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
        put_image(registry.host, whole_image, "team/app", "1.4", tmp_path / "in")
        assert succeed("tags", f"{registry.host}/team/app").output == "1.4\n"


class TestTokens:
    @pytest.fixture
    def registry(self, serve_registry: Serve, tokens: TokenServer, tmp_path: Path) -> DockerRegistry:
        return serve_registry(tmp_path / "registry", settings=tokens.registry_settings)

    @pytest.fixture
    def pushed(
        self, registry: DockerRegistry, whole_image: GeneratedImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> str:
        monkeypatch.setenv("BLOBFIX_PASSWORD", PASSWORD)
        write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")
        name = f"{registry.host}/team/app:1.4"
        succeed("push", tmp_path / "in", name, "--username", USER)
        return name

    def test_anybody_may_pull(self, pushed: str, tokens: TokenServer, tmp_path: Path) -> None:
        tokens.requests.clear()
        succeed("pull", pushed, "-o", tmp_path / "out")
        assert run("scan", tmp_path / "out").code == 0
        assert [(query["scope"], shown) for _, query, shown in tokens.requests] == [
            (["repository:team/app:pull"], None)
        ]

    def test_nobody_else_may_push(self, pushed: str, tmp_path: Path) -> None:
        outcome = run("push", tmp_path / "in", pushed.replace("app", "other"))
        assert outcome.code == 5
        assert "requires a login" in outcome.output

    def test_a_wrong_password(self, pushed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BLOBFIX_PASSWORD", "wrong")
        outcome = run("pull", pushed, "-o", tmp_path / "out", "--username", USER)
        assert outcome.code == 5
        assert "refuses jane a token" in outcome.output
        assert "wrong password" in outcome.output

    def test_an_identity_token(
        self, pushed: str, tokens: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = pushed.partition("/")[0]
        (tmp_path / "docker").mkdir()
        entry = {"identitytoken": REFRESH_TOKEN}
        (tmp_path / "docker" / "config.json").write_text(json.dumps({"auths": {host: entry}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
        tokens.anonymous_may_pull = False
        succeed("pull", pushed, "-o", tmp_path / "out")
        assert [kind for kind, _, _ in tokens.requests[-1:]] == ["POST"]

    def test_tokens_that_expire_at_once_are_renewed(self, pushed: str, tokens: TokenServer, tmp_path: Path) -> None:
        lives = iter([-3600, -3600])
        tokens.seconds_left = lambda: next(lives, 300)
        succeed("pull", pushed, "-o", tmp_path / "out", "-j", "1")
        assert run("scan", tmp_path / "out").code == 0
