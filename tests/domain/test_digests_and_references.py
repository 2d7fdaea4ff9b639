"""Digests, references and platforms as texts."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.domain.digest import Digest
from importer.domain.platform import Platform
from importer.domain.reference import Reference
from importer.domain.well_known import WELL_KNOWN_BLOBS

HEX = "0123456789abcdef" * 4
LONG = HEX * 2
HEXES = st.text("0123456789abcdef", min_size=64, max_size=64)


class TestDigest:
    @pytest.mark.parametrize("text", [f"sha256:{HEX}", f"sha512:{LONG}", "blake3:abc", "multi+part.x_y-z:Ab=_-"])
    def test_the_canonical_form_is_read_and_written(self, text: str) -> None:
        assert str(Digest.parse(text)) == text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            HEX,
            f"sha256:{HEX[:-1]}",
            f"sha256:{HEX}0",
            f"sha256:{HEX.upper()}",
            f"SHA256:{HEX}",
            f"sha256:{HEX}\n",
            f" sha256:{HEX}",
            f"sha256__{HEX}",
            f"sha512:{HEX}",
            "sha256:",
            ":abc",
            "sha256:../../../etc/passwd",
        ],
    )
    def test_nothing_else_is(self, text: str) -> None:
        with pytest.raises(ValueError, match="digest"):
            Digest.parse(text)

    @pytest.mark.parametrize(
        "name",
        [
            f"sha256__{HEX}",
            f"sha256:{HEX}",
            f"sha256-{HEX}",
            f"sha256_{HEX}",
            HEX,
            HEX.upper(),
            f"SHA256__{HEX.upper()}",
            f"sha256__{HEX} (1)",
            f"sha256__{HEX}.gz",
            f"sha256__{HEX}.tar.gz.part",
            f"Copy of sha256__{HEX}",
            f"{HEX}.json",
        ],
    )
    def test_a_name_claims_one(self, name: str) -> None:
        assert Digest.from_name(name) == Digest("sha256", HEX)

    @pytest.mark.parametrize(
        "name", ["", "manifest.json", HEX[:63], HEX + "0", f"x{HEX}", f"{HEX}f0", f"sha512__{HEX}"]
    )
    def test_other_names_claim_none(self, name: str) -> None:
        assert Digest.from_name(name) is None

    def test_sha512(self) -> None:
        assert Digest.from_name(f"sha512__{LONG}") == Digest("sha512", LONG)
        assert Digest.of(b"", "sha512").hex == hashlib.sha512(b"").hexdigest()
        assert not Digest("blake3", "abc").is_checkable

    @given(HEXES)
    def test_its_own_file_name_claims_it(self, value: str) -> None:
        digest = Digest("sha256", value)
        assert Digest.from_name(digest.file_name) == digest == Digest.parse(str(digest))

    def test_well_known_blobs_have_the_digests_they_are_known_by(self) -> None:
        assert {digest: Digest.of(blob.content, digest.algorithm) for digest, blob in WELL_KNOWN_BLOBS.items()} == {
            digest: digest for digest in WELL_KNOWN_BLOBS
        }


class TestReference:
    @pytest.mark.parametrize(
        ("text", "host", "repository", "tag"),
        [
            ("app", None, "app", "latest"),
            ("team/app:1.4", None, "team/app", "1.4"),
            ("registry.example/app", "registry.example", "app", "latest"),
            ("registry.example:5000/team/app:v1", "registry.example:5000", "team/app", "v1"),
            ("localhost/app:1", "localhost", "app", "1"),
            ("localhost:5000/a/b/c:1", "localhost:5000", "a/b/c", "1"),
            ("[::1]:5000/app:1", "[::1]:5000", "app", "1"),
            ("team/a.b-c__d/e--f:_x.Y-z", None, "team/a.b-c__d/e--f", "_x.Y-z"),
            ("team.x/app:1", "team.x", "app", "1"),
        ],
    )
    def test_parts(self, text: str, host: str | None, repository: str, tag: str) -> None:
        reference = Reference.parse(text)
        assert (reference.host, reference.repository, reference.tag) == (host, repository, tag)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ":1",
            "Team/app:1",
            "../../etc:1",
            "/etc/passwd",
            "a//b",
            "a/",
            "a/.:1",
            "a/..:1",
            "a/_b:1",
            "a..b:1",
            "a___b:1",
            "a:b/c",
            "a:",
            "a:.1",
            "a:-1",
            f"a:{'x' * 129}",
            f"{'a' * 256}:1",
            f"app@sha256:{HEX}",
            f"app:1@sha256:{HEX}",
            "a b:1",
            "a\n:1",
            "a:1\n",
            "ä:1",
            "registry.example:x/app:1",
        ],
    )
    def test_what_no_registry_takes(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            Reference.parse(text)

    @pytest.mark.parametrize(
        ("text", "full"),
        [
            ("app", "docker.io/library/app:latest"),
            ("team/app:1", "docker.io/team/app:1"),
            ("registry.example/app:1", "registry.example/app:1"),
            ("docker.io/app:1", "docker.io/library/app:1"),
        ],
    )
    def test_the_name_all_engines_agree_on(self, text: str, full: str) -> None:
        assert Reference.parse(text).fully_qualified == full

    @given(st.text(max_size=40))
    def test_what_is_read_can_be_a_path_below_a_folder(self, text: str) -> None:
        try:
            reference = Reference.parse(text)
        except ValueError:
            return
        parts = [*reference.repository.split("/"), reference.tag]
        assert all(part and part not in (".", "..") and part.isprintable() and "\\" not in part for part in parts)
        assert Reference.parse(str(reference)) == reference


class TestPlatform:
    def test_is_read_and_written(self) -> None:
        assert Platform.parse("linux/amd64") == Platform("linux", "amd64")
        assert str(Platform.parse("linux/arm64/v8")) == "linux/arm64/v8"

    @pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux//v8"])
    def test_nothing_else_is(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a platform"):
            Platform.parse(text)

    @pytest.mark.parametrize(
        ("have", "want", "serves"),
        [
            ("linux/amd64", "linux/amd64", True),
            ("linux/arm64/v8", "linux/arm64", True),
            ("linux/arm64", "linux/arm64/v8", True),
            ("linux/arm/v6", "linux/arm/v7", False),
            ("linux/arm", "linux/arm/v7", True),
            ("windows/amd64", "linux/amd64", False),
            ("linux/386", "linux/amd64", False),
        ],
    )
    def test_variants(self, have: str, want: str, serves: bool) -> None:
        assert Platform.parse(have).matches(Platform.parse(want)) == serves
