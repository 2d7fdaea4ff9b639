"""Names for images that have none: from a table, or by a template."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.formats.name_table import MAX_LINE, NameTableError, read_name_table
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry

TREE = "to-registry-tree"


def titled(title: str) -> GeneratedImage:
    labels = {"org.opencontainers.image.title": title}
    return make_image(sample_layers(title, 900), settings={"Cmd": ["/run"], "Labels": labels})


ONE, TWO = titled("Ledger App"), titled("scanner")


@pytest.fixture
def filestore(tmp_path: Path) -> Path:
    """Both images as Artifactory keeps them: each file under its SHA-1."""
    folder = tmp_path / "filestore"
    for image in (ONE, TWO):
        for content in (image.manifest, *image.blobs.values()):
            name = hashlib.sha1(content).hexdigest()
            (folder / name[:2]).mkdir(parents=True, exist_ok=True)
            (folder / name[:2] / name).write_bytes(content)
    return folder


def nodes(image: GeneratedImage, path: str) -> str:
    """The rows of Artifactory's table for an image."""
    files = {"manifest.json": image.manifest}
    files |= {digest.file_name: content for digest, content in image.blobs.items()}
    rows = (
        f"docker-local,{path},{name},{hashlib.sha1(content).hexdigest()},{hashlib.sha256(content).hexdigest()}\n"
        for name, content in files.items()
    )
    return "".join(rows)


def tags_in(tree: Path) -> dict[str, str]:
    repositories = tree / "docker/registry/v2/repositories"
    return {
        f"{link.relative_to(repositories).as_posix().split('/_manifests')[0]}:{link.parents[1].name}": link.read_text()
        for link in tree.rglob("current/link")
    }


class TestTables:
    def test_artifactorys_own_table_names_its_filestore(
        self, filestore: Path, serve_registry: Callable[..., DockerRegistry], tmp_path: Path
    ) -> None:
        table = tmp_path / "nodes.csv"
        header = "repo,node_path,node_name,sha1_actual,sha256\n"
        table.write_text(header + nodes(ONE, "team/app/1.4") + nodes(TWO, "team/db/2"))
        outcome = run(TREE, filestore, "--names", table, "-o", tmp_path / "tree")
        assert outcome.code == 0
        assert f"{ONE.manifest_digest} had no name and is now called team/app:1.4" in outcome.output
        registry = serve_registry(tmp_path / "tree")
        assert registry.manifest("team/app", "1.4") == ONE.manifest
        assert registry.manifest("team/db", "2") == TWO.manifest

    @pytest.mark.parametrize(
        "table",
        [
            f"name,digest\nteam/app:1,{ONE.manifest_digest}\nteam/db:2,{TWO.image_id}\n",
            f"\ufeffdigest\tname\n{ONE.manifest_digest.hex}\tteam/app:1\n{TWO.manifest_digest}\tteam/db:2\n",
            f"Name;SHA256\r\nteam/app:1;{ONE.manifest_digest.hex.upper()}\r\nteam/db:2;{TWO.image_id.hex}\r\n",
            f'name,note,sha1\n"team/app:1","a, b",{hashlib.sha1(ONE.manifest).hexdigest()}\n'
            f"team/db:2,,{hashlib.sha1(TWO.config).hexdigest()}\n",
            json.dumps({"name": "team/app:1", "digest": str(ONE.manifest_digest), "size": 1})
            + "\n\n"
            + json.dumps({"name": "team/db:2", "sha1": hashlib.sha1(TWO.manifest).hexdigest()}),
        ],
        ids=["csv", "tsv with a byte order mark", "semicolons", "sha1", "json lines"],
    )
    def test_any_table_will_do(self, table: str, filestore: Path, tmp_path: Path) -> None:
        (tmp_path / "names").write_text(table, newline="")
        assert run(TREE, filestore, "--names", tmp_path / "names", "-o", tmp_path / "tree").code == 0
        assert tags_in(tmp_path / "tree") == {
            "team/app:1": str(ONE.manifest_digest),
            "team/db:2": str(TWO.manifest_digest),
        }

    def test_a_path_names_what_lies_there(self, tmp_path: Path) -> None:
        folder = write_artifactory_folder(ONE, tmp_path / "A")
        (tmp_path / "names").write_text(f"path,name\n{folder},team/app:1\n")
        assert run(TREE, folder, "--names", tmp_path / "names", "-o", tmp_path / "tree").code == 0
        assert list(tags_in(tmp_path / "tree")) == ["team/app:1"]

    def test_what_it_doesnt_name_is_refused_by_its_digest(self, filestore: Path, tmp_path: Path) -> None:
        (tmp_path / "names").write_text(f"name,digest\nteam/app:1,{ONE.manifest_digest}\n")
        outcome = run(TREE, filestore, "--names", tmp_path / "names", "-o", tmp_path / "tree")
        assert outcome.code == 4
        assert f"Not written: image {TWO.manifest_digest.short}" in outcome.output
        assert list(tags_in(tmp_path / "tree")) == ["team/app:1"]

    def test_one_name_for_two_is_refused(self, filestore: Path, tmp_path: Path) -> None:
        rows = f"a/b:1,{ONE.manifest_digest}\na/b:1,{TWO.manifest_digest}\n"
        (tmp_path / "names").write_text(f"name,digest\n{rows}")
        outcome = run(TREE, filestore, "--names", tmp_path / "names", "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert "two images are called a/b:1" in outcome.output

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "line 1: the file is empty"),
            (b"digest,size\n", "line 1: a table of names has the column name"),
            (b"name,size\n", "line 1: a table of names has the column name"),
            (b"name,digest\na/b:1,sha256:12\n", "line 2: 'sha256:12' in the column digest is no sha256 digest"),
            (b"name,digest\nA/B:1," + b"0" * 64 + b"\n", "line 2: 'A/B:1' has upper-case letters"),
            (b"name,digest\na\xff\n", "line 2: isn't UTF-8"),
            ("name,digest\n".encode("utf-16"), "line 1: the file is UTF-16"),
            (b"name,digest\na\0b\n", "line 2: has a NUL byte"),
            (b"name,digest\n" + b"a" * (MAX_LINE + 1), "line 2: has more than 1,048,576 bytes"),
            (b'name,digest\n"' + b"a" * 200_000, "line 2: "),
            (b'{"name": "a/b", "digest": 1}\n', "line 1: a table of names"),
            (b"{nonsense\n", "line 1: isn't JSON"),
        ],
    )
    def test_another_file_is_refused_with_the_line(
        self, content: bytes, said: str, filestore: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "names").write_bytes(content)
        outcome = run(TREE, filestore, "--names", tmp_path / "names", "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert said in outcome.output
        assert not (tmp_path / "tree").exists()

    @given(st.binary(max_size=300) | st.text(max_size=80).map(lambda text: f"name,digest\n{text}".encode()))
    @example(b'{"name": "\\ud800", "digest": "' + b"0" * 64 + b'"}')
    @example(b"name,digest\n" + b"[" * 70_000)
    def test_no_file_makes_it_fall(self, content: bytes) -> None:
        said = "line "
        try:
            read_name_table(io.BytesIO(content))
        except NameTableError as error:
            said = str(error)
        assert said.startswith("line ")


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "first"),
        [
            ("recovered/{image_id}", f"recovered/{ONE.image_id.hex}:latest"),
            ("recovered/app:{digest}", f"recovered/app:{ONE.manifest_digest.hex}"),
            ("lab/{title}", "lab/ledger-app:latest"),
        ],
    )
    def test_each_image_gets_its_own(self, template: str, first: str, filestore: Path, tmp_path: Path) -> None:
        outcome = run(TREE, filestore, "--name-template", template, "-o", tmp_path / "tree")
        assert outcome.code == 0
        assert f"{ONE.manifest_digest} had no name and is now called {first}" in outcome.output
        assert tags_in(tmp_path / "tree")[first] == str(ONE.manifest_digest)
        assert len(tags_in(tmp_path / "tree")) == 2

    def test_who_has_a_name_keeps_it(self, tmp_path: Path) -> None:
        write_artifactory_folder(ONE, tmp_path / "in" / "team" / "app" / "1")
        outcome = run(TREE, tmp_path / "in", "--name-template", "lab/{title}", "-o", tmp_path / "tree")
        assert outcome.code == 0
        assert list(tags_in(tmp_path / "tree")) == ["team/app:1"]

    def test_an_image_without_a_title_stays_without_a_name(self, tmp_path: Path) -> None:
        write_artifactory_folder(make_image(sample_layers("x", 900)), tmp_path / "X")
        outcome = run(TREE, tmp_path / "X", "--name-template", "lab/{title}", "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert "a registry needs a name" in outcome.output

    @pytest.mark.parametrize("arguments", [["--name-template", "lab/{nope}"], ["--name-template", "Lab/{digest}"]])
    def test_a_wrong_template_is_wrong_usage(self, arguments: list[str], filestore: Path, tmp_path: Path) -> None:
        outcome = run(TREE, filestore, *arguments, "-o", tmp_path / "tree")
        assert outcome.code == 2
        assert "--name-template: " in outcome.output

    def test_a_name_beside_it_is_wrong_usage(self, filestore: Path, tmp_path: Path) -> None:
        outcome = run(TREE, filestore, "-n", "a/b", "--name-template", "lab/{digest}", "-o", tmp_path / "tree")
        assert outcome.code == 2


@pytest.mark.parametrize("name", ["sha256:{id}", "registry.example/team/app@sha256:{digest}"])
def test_what_a_cri_calls_an_image_without_a_name_is_none(name: str, tmp_path: Path) -> None:
    image = make_image(sample_layers("cri", 900), docker=False)
    layout = tmp_path / "layout"
    source = write_artifactory_folder(image, tmp_path / "in")
    assert run("to-oci-layout", source, "-o", layout, "-n", "a/b:1").code == 0
    index = json.loads((layout / "index.json").read_text())
    called = name.format(id=image.image_id.hex, digest=image.manifest_digest.hex)
    index["manifests"][0]["annotations"] = {"io.containerd.image.name": called}
    (layout / "index.json").write_text(json.dumps(index))
    refused = run(TREE, layout, "-o", tmp_path / "tree")
    assert refused.code == 2
    assert "a registry needs a name" in refused.output
    assert run("to-docker-tar", layout, "-o", tmp_path / "image.tar").code == 0
    with tarfile.open(tmp_path / "image.tar") as tar:
        (entry,) = json.load(tar.extractfile("manifest.json") or io.BytesIO())
    assert entry["RepoTags"] is None
