"""Credentials where docker keeps them."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from importer.errors import InputError
from importer.transport.credentials import AccessToken, IdentityToken, Password
from importer.transport.docker_config import DockerConfig, config_path


def auth(username: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


def config(value: dict[str, Any]) -> DockerConfig:
    return DockerConfig(Path("config.json"), value, lambda name, server: "")


@pytest.mark.parametrize(
    ("key", "server"),
    [
        ("registry.example", "registry.example"),
        ("https://registry.example", "registry.example"),
        ("https://registry.example/v1/", "registry.example"),
        ("registry.example/v2/", "registry.example"),
        ("registry.example:5000", "registry.example:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("h.example", "h.example/artifactory/api/docker/key"),
        ("h.example/artifactory/api/docker/key", "h.example/artifactory/api/docker/key"),
    ],
)
def test_finds_the_server_under_any_spelling(key: str, server: str) -> None:
    assert config({"auths": {key: auth("jane", "a:b")}}).credentials_for(server) == Password("jane", "a:b")


@pytest.mark.parametrize("key", ["example", "registry.example.evil.example", "registry.example:5001", "other.example"])
def test_credentials_of_another_server_stay_where_they_are(key: str) -> None:
    assert config({"auths": {key: auth("jane", "x")}}).credentials_for("registry.example:5000") is None


def test_the_longest_path_wins() -> None:
    found = config({"auths": {"h.example": auth("a", "x"), "h.example/one": auth("b", "x")}})
    assert found.credentials_for("h.example/one/more") == Password("b", "x")
    assert found.credentials_for("h.example/oneself") == Password("a", "x")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"identitytoken": "t", **auth("<token>", "")}, IdentityToken("t")),
        ({"registrytoken": "t"}, AccessToken("t")),
        ({"username": "jane", "password": "p"}, Password("jane", "p")),
        (auth("jane", "p\0\0\0"), Password("jane", "p")),
        ({}, None),
    ],
)
def test_kinds_of_entries(entry: dict[str, str], expected: object) -> None:
    assert config({"auths": {"registry.example": entry}}).credentials_for("registry.example") == expected


@pytest.mark.parametrize(
    "broken", ["not base64!", base64.b64encode(b"no colon").decode(), base64.b64encode(b"\xff:").decode()]
)
def test_a_broken_entry_is_named(broken: str) -> None:
    with pytest.raises(InputError, match=r"registry\.example"):
        config({"auths": {"registry.example": {"auth": broken}}}).credentials_for("registry.example")


@pytest.mark.parametrize(
    "value",
    [
        {"auths": {"registry.example": {"auth": "äöü="}}},
        {"auths": {"registry.example": {"auth": {}}}},
        {"auths": {"registry.example": []}},
        {"auths": []},
        {"credHelpers": {"registry.example": {}}},
        {"credsStore": ["x"]},
        {"auths": {"registry.example": {"registrytoken": "a\ud800b"}}},
        {"auths": {"registry.example": {"identitytoken": 5}}},
    ],
)
def test_a_value_of_a_wrong_kind_is_a_clear_error(value: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        config(value).credentials_for("registry.example")


def test_half_a_surrogate_pair_is_what_go_reads_it_as() -> None:
    entry = {"username": "jane", "password": "a\ud800"}
    found = config({"auths": {"registry.example": entry}}).credentials_for("registry.example")
    assert found == Password("jane", "a\ufffd")
    assert found.basic.isascii()


def test_no_file_is_no_credentials(tmp_path: Path) -> None:
    assert DockerConfig.read(tmp_path / "config.json").credentials_for("registry.example") is None


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json"):
        DockerConfig.read(tmp_path / "config.json")


def test_the_environment_says_where_it_is(tmp_path: Path) -> None:
    assert config_path({"DOCKER_CONFIG": str(tmp_path)}) == tmp_path / "config.json"
    assert config_path({}) == Path.home() / ".docker" / "config.json"


class TestHelpers:
    def helper(self, folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        program = folder / "docker-credential-test"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def read(self, folder: Path, value: dict[str, Any]) -> DockerConfig:
        (folder / "config.json").write_text(json.dumps(value))
        return DockerConfig.read(folder / "config.json")

    def test_a_helper_is_asked_for_the_server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.helper(tmp_path, monkeypatch, '[ "$1" = get ] && printf \'{"Username":"%s","Secret":"s"}\' "$(cat)"')
        found = self.read(tmp_path, {"credHelpers": {"registry.example": "test"}})
        assert found.credentials_for("registry.example") == Password("registry.example", "s")
        assert found.credentials_for("other.example") is None

    def test_the_store_serves_all_others(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.helper(tmp_path, monkeypatch, 'printf \'{"Username":"<token>","Secret":"%s"}\' "$(cat)"')
        found = self.read(tmp_path, {"credsStore": "test"})
        assert found.credentials_for("docker.io") == IdentityToken("https://index.docker.io/v1/")

    def test_one_that_knows_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
        found = self.read(tmp_path, {"credsStore": "test", "auths": {"registry.example": auth("jane", "p")}})
        assert found.credentials_for("registry.example") == Password("jane", "p")

    @pytest.mark.parametrize("script", ["echo locked; exit 1", "echo nonsense", "echo '{}'", "echo '[]'"])
    def test_one_that_fails_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        self.helper(tmp_path, monkeypatch, script)
        with pytest.raises(InputError, match="docker-credential-test"):
            self.read(tmp_path, {"credsStore": "test"}).credentials_for("registry.example")

    def test_one_that_is_not_installed(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="docker-credential-nowhere"):
            self.read(tmp_path, {"credsStore": "nowhere"}).credentials_for("registry.example")

    @pytest.mark.parametrize("name", ["../evil", "a/b", "", "a b", 5, ["x"]])
    def test_a_name_that_leads_elsewhere_is_not_run(self, tmp_path: Path, name: object) -> None:
        found = self.read(tmp_path, {"credHelpers": {"registry.example": name}})
        if name:
            with pytest.raises(InputError, match=r"not a valid credential helper name|is not a string"):
                found.credentials_for("registry.example")
