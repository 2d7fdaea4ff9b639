"""The build context makes, in real docker, an image with the original's files and settings."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.blobfix import blobfix, contents, leftovers, snapshot
from tests.end_to_end.test_oci_layout import artifact
from tests.images.built import PushedImage
from tests.images.content import sample_layers, tar_of
from tests.images.generated import GeneratedImage, make_image, make_image_of_tars, write_artifactory_folder
from tests.programs.dockerd import Dockerd

SETTINGS = ("Env", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes", "Labels", "Healthcheck")
MORE_SETTINGS = ("StopSignal", "Shell", "OnBuild")
HOSTILE = [
    "two words", "  edges  ", '"', "'", "it's \"both\"", "$HOME ${PATH} $$", "\\", "a\\", "\\\\n", "\\$x", "", "#no",
    "grüße 世界 \U0001f600", "tab\there", "a\nb\n", "\n", "--flag", "=", "a=b", "`id` $(id)", "\u00a0\u2028", "\r",
    "^|", "x" * 70_000 + " # \\ " * 9_000,
]  # fmt: skip
PATH = "PATH=/bin:/usr/bin"


@dataclass(frozen=True)
class Member:
    """What a tar is to hold."""

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    link: str = ""
    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)
    device: tuple[int, int] = (0, 0)
    records: tuple[tuple[str, str], ...] = ()


def folder(name: str, mode: int = 0o755) -> Member:
    return Member(name, kind=tarfile.DIRTYPE, mode=mode)


def symbolic(name: str, link: str) -> Member:
    return Member(name, kind=tarfile.SYMTYPE, link=link, mode=0o777)


def hard(name: str, link: str, mode: int = 0o644) -> Member:
    return Member(name, kind=tarfile.LNKTYPE, link=link, mode=mode)


def tar(*members: Member, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as opened:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname, info.mode, info.size = member.kind, member.link, member.mode, len(member.content)
            info.uid, info.gid = member.owner
            info.devmajor, info.devminor = member.device
            info.mtime = 1_600_000_000
            info.pax_headers = dict(member.records)
            opened.addfile(info, io.BytesIO(member.content))
    return buffer.getvalue()


def entries(archive: bytes) -> dict[str, tuple[Any, ...]]:
    """All that a container would see of a file system; hard links by the content they lead to."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = {entry.name.strip("/"): entry for entry in opened.getmembers()}
        return {name: _seen(opened, entry) for name, entry in members.items() if name not in (".", "")}


def _seen(opened: tarfile.TarFile, entry: tarfile.TarInfo) -> tuple[Any, ...]:
    stream = opened.extractfile(entry) if entry.isreg() or entry.islnk() else None
    kind = tarfile.REGTYPE if entry.islnk() else entry.type
    content = stream.read() if stream else entry.linkname
    xattrs = {key: value for key, value in entry.pax_headers.items() if key.startswith("SCHILY.xattr.")}
    return (kind, content, entry.mode, entry.uid, entry.gid, entry.devmajor, entry.devminor, xattrs)


def settings_of(dockerd: Dockerd, name: str) -> dict[str, Any]:
    config = dockerd.inspect(name)["Config"]
    found = {key: config.get(key) or None for key in (*SETTINGS, *MORE_SETTINGS)}
    return found | {"Env": sorted(found["Env"] or [])}


def load(dockerd: Dockerd, source: Path, name: str, scratch: Path) -> None:
    """Have docker itself take the original."""
    assert blobfix("to-docker-tar", source, "-n", name, "-o", scratch / "original.tar").code == 0
    dockerd.load(scratch / "original.tar")


def build(dockerd: Dockerd, context: Path, name: str) -> None:
    dockerd.command("build", "--build-arg", "BLOBFIX_NEWLINE=\n", "--tag", name, str(context))


def assert_same(dockerd: Dockerd, built: str, original: str) -> None:
    assert entries(dockerd.export(built)) == entries(dockerd.export(original))
    assert settings_of(dockerd, built) == settings_of(dockerd, original)


class TestRealImage:
    def test_the_layers_are_said_to_lose_deletions(
        self, download: Path, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        result = blobfix("to-build-context", download.parents[2], "-o", tmp_path / "context")
        assert result.code == 0
        assert "layer-3.tar.gz deletes files of lower layers, which ADD can't: srv/app/data/.wh.routes.txt" in (
            result.stderr
        )
        assert f"docker build -t team/app:1.4 {tmp_path / 'context'}" in result.text
        assert sorted(path.name for path in (tmp_path / "context").iterdir()) == [
            "Dockerfile", "layer-1.tar.gz", "layer-2.tar.gz", "layer-3.tar.gz",
        ]  # fmt: skip
        build(dockerd, tmp_path / "context", "built")
        dockerd.pull(pushed_image.reference)
        assert settings_of(dockerd, "built") == settings_of(dockerd, pushed_image.reference)
        built, original = entries(dockerd.export("built")), entries(dockerd.export(pushed_image.reference))
        assert {name: built[name] for name in original} == original

    def test_squashed_it_has_the_same_files_and_settings(
        self, download: Path, dockerd: Dockerd, pushed_image: PushedImage, tmp_path: Path
    ) -> None:
        result = blobfix("to-build-context", download.parents[2], "-o", tmp_path / "context", "--squash")
        assert (result.code, result.stderr) == (0, "")
        build(dockerd, tmp_path / "context", "built")
        dockerd.pull(pushed_image.reference)
        assert_same(dockerd, "built", pushed_image.reference)

    @pytest.mark.parametrize("squash", [[], ["--squash"]])
    def test_has_the_same_bytes_each_time(self, download: Path, squash: Sequence[str], tmp_path: Path) -> None:
        for target in ("one", "two"):
            command = ("to-build-context", download.parents[2], "-o", tmp_path / target)
            assert blobfix(*command, *squash, "-q").code == 0
        assert contents(tmp_path / "one") == contents(tmp_path / "two")
        assert leftovers(tmp_path) == []


class TestFiles:
    LAYERS = (
        tar(
            folder("./"),
            folder("bin/"),
            Member("bin/sh", b"#!shell\n" * 3, mode=0o4755),
            symbolic("usr", "."),
            hard("bin/bash", "bin/sh", 0o4755),
            folder("dev/", 0o700),
            Member("dev/null", kind=tarfile.CHRTYPE, mode=0o666, device=(1, 3)),
            folder("run/"),
            Member("run/pipe", kind=tarfile.FIFOTYPE, mode=0o600),
            folder("etc/"),
            Member("etc/shadow", b"secret", mode=0o640, owner=(0, 42)),
            folder("home/"),
            *(folder("home/" + "deep/" * depth, 0o750) for depth in range(1, 31)),
            Member("home/" + "deep/" * 30 + "file", b"far down", owner=(3_000_000, 70_000)),
            folder("opaque/"),
            Member("opaque/old", b"1"),
            folder("opaque/below/"),
            Member("opaque/below/old", b"2"),
            folder("replaced/"),
            folder("replaced/by/"),
            Member("replaced/by/file", b"3"),
            Member("will-be-folder", b"4"),
            Member("kept", b"5"),
            Member("linked", b"6" * 2000),
            hard("other-name", "linked"),
            Member("cap", b"7", records=(("SCHILY.xattr.user.note", "blobfix"),)),
        ),
        tar(
            Member("usr/bin/tool", b"through a link"),
            Member("opaque/new", b"8"),
            Member("opaque/.wh..wh..opq"),
            Member("replaced/.wh.by"),
            Member("replaced/by", b"9"),
            folder("will-be-folder/", 0o711),
            Member("will-be-folder/x", b"10"),
            Member(".wh.linked"),
            Member(".wh.never-there"),
            hard("third-name", "other-name"),
            folder("etc/", 0o750),
            Member("grüße " + "ü" * 80, b"11"),
        ),
        tar(Member("kept", b"12", owner=(5, 6)), Member("usr/bin/.wh.bash")),
    )

    def test_survive_the_merging(self, dockerd: Dockerd, tmp_path: Path) -> None:
        image = make_image_of_tars(self.LAYERS, settings={"Cmd": ["/bin/sh"], "Env": [PATH]})
        source = write_artifactory_folder(image, tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context", "--squash")
        assert result.code == 0, result.stderr
        load(dockerd, source, "original", tmp_path)
        build(dockerd, tmp_path / "context", "built")
        assert_same(dockerd, "built", "original")
        names = set(entries((tmp_path / "context" / "root.tar").read_bytes()))
        assert {"bin/tool", "opaque/new", "other-name", "third-name"} <= names
        assert not names & {"opaque/old", "opaque/below", "linked", "bin/bash", "usr/bin/tool"}

    @pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
    def test_survive_in_layers(self, compression: str, dockerd: Dockerd, tmp_path: Path) -> None:
        image = make_image_of_tars(
            [self.LAYERS[0], bytes(1024), tar(Member("new", b"x", owner=(1, 2)))],
            compression,
            docker=False,
            settings={"Cmd": ["/bin/sh"], "Env": [PATH]},
        )
        source = write_artifactory_folder(image, tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context")
        assert (result.code, result.stderr) == (0, "")
        suffix = ".tar.gz" if compression == "gzip" else ".tar"
        names = {path.name for path in (tmp_path / "context").iterdir()}
        assert names == {"Dockerfile", f"layer-1{suffix}", f"layer-3{suffix}"}
        load(dockerd, source, "original", tmp_path)
        build(dockerd, tmp_path / "context", "built")
        assert_same(dockerd, "built", "original")


class TestSettings:
    def test_of_any_text_come_through(self, dockerd: Dockerd, tmp_path: Path) -> None:
        settings = {
            "Env": [PATH, *(f"V{number}={value}" for number, value in enumerate(HOSTILE))],
            "Labels": {f"label.{number}": value for number, value in enumerate(HOSTILE)}
            | {value: "named" for value in HOSTILE[:-1] if value and "=" not in value and "\n" not in value},
            "Entrypoint": ["/bin/sh", *HOSTILE],
            "Cmd": HOSTILE,
            "WorkingDir": "/srv/$x \"y\" 'z' \\",
            "User": "1000:$'1000\"",
            "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
            "Volumes": {"/data dir/$x": {}, '/q"\\': {}, "/plain": {}},
            "Healthcheck": {
                "Test": ["CMD-SHELL", 'curl -f "http://localhost/$X" || exit 1 # it\'s \\n'],
                "Interval": 30 * 10**9,
                "Timeout": 1_500_000_001,
                "StartPeriod": 60 * 10**9,
                "Retries": 4,
            },
            "StopSignal": "SIGRTMIN+3",
            "Shell": ["/bin/bash", "-o", "pipe fail", "-c"],
            "OnBuild": ["RUN echo \"$HOME\" 'x' \\\\ #", 'COPY ["a b", "/x"]'],
        }
        image = make_image(sample_layers("settings", 5_000)[:1], settings=settings)
        source = write_artifactory_folder(image, tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context")
        assert result.code == 0, result.stderr
        assert "--build-arg BLOBFIX_NEWLINE=$'\\n'" in result.text
        load(dockerd, source, "original", tmp_path)
        build(dockerd, tmp_path / "context", "built")
        assert settings_of(dockerd, "built") == settings_of(dockerd, "original")

    def test_that_a_dockerfile_cant_hold_are_said(self, dockerd: Dockerd, tmp_path: Path) -> None:
        settings = {
            "Env": ["ALONE", "=x"],
            "Labels": {"a=b": "c"},
            "ExposedPorts": {"http": {}},
            "StopSignal": "SIGFOO",
            "OnBuild": ["RUN a\nRUN b", "FROM other", "RUN x \\"],
            "Healthcheck": {"Test": ["CMD-SHELL", "a\nb"]},
            "StopTimeout": 9,
            "Cmd": ["/x"],
        }
        image = make_image(sample_layers("unsaid", 5_000)[:1], settings=settings)
        source = write_artifactory_folder(image, tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context", "-n", "x/y:1")
        warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
        assert len(warnings) == 11
        assert all(line.isprintable() for line in warnings)
        build(dockerd, tmp_path / "context", "built")
        config = dockerd.inspect("built")["Config"]
        assert config["Healthcheck"]["Test"] == ["CMD", "/bin/sh", "-c", "a\nb"]
        assert config["Cmd"] == ["/x"]


class TestRefusals:
    @pytest.mark.parametrize("image", [make_image([{"Files/x": b"1"}], os="windows")], ids=["windows"])
    def test_windows(self, image: GeneratedImage, tmp_path: Path) -> None:
        source = write_artifactory_folder(image, tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context")
        assert result.code == 4
        assert "Windows" in result.stderr
        assert not (tmp_path / "context").exists()

    def test_a_chart(self, tmp_path: Path) -> None:
        source = write_artifactory_folder(artifact(), tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context")
        assert result.code == 4
        assert "is not a container image" in result.stderr
        assert not (tmp_path / "context").exists()

    def test_a_folder_with_files(self, download: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "notes").write_text("x")
        before = snapshot(tmp_path)
        assert blobfix("to-build-context", download, "-o", tmp_path / "mine").code == 2
        assert snapshot(tmp_path) == before

    @pytest.mark.parametrize(
        "layer",
        [
            tar(Member("../out", b"x")),
            tar(hard("a", "nowhere")),
            tar(symbolic("a", "b"), symbolic("b", "a"), Member("a/x", b"1")),
            tar_of({"a": b"x" * 2000})[:1024],
            b"no tar at all" * 100,
        ],
    )
    def test_layers_that_docker_cant_unpack(self, layer: bytes, tmp_path: Path) -> None:
        source = write_artifactory_folder(make_image_of_tars([layer]), tmp_path / "in")
        result = blobfix("to-build-context", source, "-o", tmp_path / "context", "--squash")
        assert result.code == 4, result.stderr
        assert not (tmp_path / "context").exists()
        assert leftovers(tmp_path) == []
