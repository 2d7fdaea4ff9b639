"""Next: every command that a report ends with works in a shell as it is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.blobfix import environment
from tests.images.content import sample_layers
from tests.images.generated import make_image, make_index, write_artifactory_folder, write_artifactory_index
from tests.in_process import run
from tests.sources.archiving import tar_of

APP = make_image(sample_layers("next", 4_000))
OTHER = make_image(sample_layers("after", 4_000))
INDEX = make_index((make_image(sample_layers("arm", 2_000), architecture="arm64"), APP))
STRANGE = make_index(tuple(make_image(sample_layers(name, 2_000), architecture=name) for name in ("riscv64", "s390x")))
# A file of the name would be opened by no shell that forgets to quote it.
ODD = "it's a £ “download” $HOME;x"


def intact(folder: Path) -> None:
    write_artifactory_folder(APP, folder / "team" / "app" / "1")


def repairable(folder: Path) -> None:
    intact(folder)
    layer = APP.layer_path(folder / "team" / "app" / "1")
    layer.write_bytes(layer.read_bytes() + b"more")


def incomplete(folder: Path) -> None:
    intact(folder)
    layer = APP.layer_path(folder / "team" / "app" / "1")
    layer.write_bytes(layer.read_bytes()[:-500])


def unnamed(folder: Path) -> None:
    write_artifactory_folder(APP, folder)


def several(folder: Path) -> None:
    intact(folder)
    write_artifactory_folder(OTHER, folder / "team" / "other" / "2")


def several_unnamed(folder: Path) -> None:
    for number, image in enumerate((APP, OTHER)):
        (folder / f"{number}.tar").parent.mkdir(exist_ok=True)
        files = {"manifest.json": image.manifest} | {d.file_name: c for d, c in image.blobs.items()}
        (folder / f"{number}.tar").write_bytes(tar_of(files))


def of_one_name(folder: Path) -> None:
    for number, image in enumerate((APP, OTHER)):
        (folder / f"{number}.tar").parent.mkdir(exist_ok=True)
        files = {"app/1/manifest.json": image.manifest} | {f"app/1/{d.file_name}": c for d, c in image.blobs.items()}
        (folder / f"{number}.tar").write_bytes(tar_of(files))


def some_lost(folder: Path) -> None:
    several(folder)
    OTHER.layer_path(folder / "team" / "other" / "2").unlink()


def platforms(folder: Path) -> None:
    write_artifactory_index(INDEX, folder / "team" / "app")


def strange_platforms(folder: Path) -> None:
    write_artifactory_index(STRANGE, folder / "team" / "app")


def a_platform_lost(folder: Path) -> None:
    platforms(folder)
    for child in (folder / "team" / "app").iterdir():
        if (child / "manifest.json").exists() and (child / "manifest.json").read_bytes() == INDEX.children[0].manifest:
            INDEX.children[0].layer_path(child).unlink()


def altered(folder: Path) -> None:
    intact(folder)
    manifest = folder / "team" / "app" / "1" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()), indent="\t", sort_keys=True))


def unread(folder: Path) -> None:
    intact(folder)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("layer.tar", b"x" * 3_000)
    whole = (folder / "more.zip").read_bytes()
    (folder / "more.zip").write_bytes(whole[:2_000])


def empty(folder: Path) -> None:
    folder.mkdir()


def a_note(folder: Path) -> None:
    folder.mkdir()
    (folder / "readme.txt").write_text("hello")


STATES: list[tuple[Callable[[Path], None], int]] = [
    (intact, 3),
    (repairable, 3),
    (incomplete, 2),
    (unnamed, 3),
    (several, 3),
    (several_unnamed, 3),
    (of_one_name, 3),
    (some_lost, 3),
    (platforms, 3),
    (strange_platforms, 3),
    (a_platform_lost, 3),
    (altered, 3),
    (unread, 3),
    (empty, 1),
    (a_note, 1),
]


def in_a_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a shell makes of the command, as it was printed."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**environment(), "PATH": path},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def printed(text: str) -> list[str]:
    """The commands below the last line that says Next."""
    return [line.strip() for line in text.rpartition("\nNext\n")[2].splitlines() if line.startswith("    ")]


@pytest.mark.parametrize(("state", "expected"), STATES, ids=lambda value: getattr(value, "__name__", None))
def test_each_command_of_a_report(
    state: Callable[[Path], None], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state(tmp_path / ODD)
    seen = run("scan", ODD)
    report = json.loads(run("scan", ODD, "--format", "json").stdout)
    commands = printed(seen.text)
    assert commands == [step["command"] for step in report["next"]]
    assert len(commands) == expected
    before = {path: path.read_bytes() for path in (tmp_path / ODD).rglob("*") if path.is_file()}
    for command in commands:
        done = in_a_shell(command, tmp_path)
        assert done.returncode in ((0, 4) if seen.code == 4 else (0,)), (command, done.stderr)
        assert done.stdout or "report.html" in command
    assert {path: path.read_bytes() for path in (tmp_path / ODD).rglob("*") if path.is_file()} == before


def test_what_was_chosen_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    several(tmp_path / ODD)
    (command, *_) = printed(run("scan", ODD, "--select", "team/other:2", "--borrow", ODD, "-n", "x/y:3").text)
    done = in_a_shell(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "x/y:3" in done.stdout
    assert str(OTHER.image_id) in done.stdout


def test_a_known_server_completes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    incomplete(tmp_path / ODD)
    origin = "https://host.example/artifactory/docker-local/team/app/1/"
    (command, *_) = printed(run("scan", ODD, "--from", origin).text)
    assert command.startswith("blobfix complete ")
    assert command.endswith(f" --from {origin}")
    assert run("scan", ODD, "--from", origin, "--format", "html").text.count("blobfix complete") == 1


def test_html_shows_next_first(tmp_path: Path) -> None:
    intact(tmp_path / "in")
    text = run("scan", tmp_path / "in", "--format", "html").text
    assert text.index('<h2 id="next">') < text.index("<h2", text.index('<h2 id="next">') + 1)


@pytest.mark.parametrize("state", [intact, repairable])
def test_writers_end_with_next(state: Callable[[Path], None], tmp_path: Path) -> None:
    state(tmp_path / "in")
    for command in ("to-docker-tar", "to-registry-tree", "to-oci-layout", "to-build-context"):
        assert printed(run(command, tmp_path / "in", "-o", tmp_path / command).text)


def test_each_command_of_a_report_on_a_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    intact(tmp_path / "in")
    assert run("to-registry-tree", "in", "-o", ODD).code == 0
    next((tmp_path / ODD).rglob("_layers/**/link")).unlink()
    commands = printed(run("repair-tree", ODD).text)
    report = json.loads(run("repair-tree", ODD, "--format", "json").stdout)
    assert commands == [step["command"] for step in report["next"]]
    assert [command.split()[1] for command in commands] == ["repair-tree", "scan"]
    for command in commands:
        assert in_a_shell(command, tmp_path).returncode == 0
    assert [command.split()[1] for command in printed(run("repair-tree", ODD).text)] == ["scan"]
    assert [command.split()[1] for command in printed(run("repair-tree", "in").text)] == ["scan"]


def test_a_scan_of_a_registrys_storage_leads_to_its_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every byte of the image may be here, and its tag lead nowhere: scan doesn't check links."""
    monkeypatch.chdir(tmp_path)
    intact(tmp_path / "in")
    assert run("to-registry-tree", "in", "-o", ODD).code == 0
    next((tmp_path / ODD).rglob("current/link")).write_text("")
    first = printed(run("scan", ODD).text)[0]
    assert first.split()[:2] == ["blobfix", "repair-tree"]
    assert in_a_shell(first, tmp_path).returncode == 1


def test_nothing_is_printed_where_little_is_wanted(tmp_path: Path) -> None:
    intact(tmp_path / "in")
    assert "Next" not in run("scan", tmp_path / "in", "-q").text
    assert "Next" not in run("scan", tmp_path / "in", "--format", "concise").text
