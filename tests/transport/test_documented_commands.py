"""The commands of docs/http.md, run as they stand there, with the servers' addresses put in."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.docker_registry import DockerRegistry
from tests.programs.nginx import Nginx
from tests.storage_tree.handmade import make_by_script

_DOCUMENT = Path(__file__).parents[2] / "docs" / "http.md"


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GeneratedImage:
    """``./alpine``: what ``docker save`` of an old docker holds, unpacked; ``./downloads`` and ``./volume`` besides."""
    image = make_image(sample_layers("saved", 60_000))
    folder = tmp_path / "alpine"
    layer_names = []
    for position, diff in enumerate(image.diffs):
        place = folder / f"{position:064x}"
        place.mkdir(parents=True)
        (place / "layer.tar").write_bytes(diff)
        layer_names.append(f"{place.name}/layer.tar")
    config = f"{image.image_id.hex}.json"
    (folder / config).write_bytes(image.config)
    entry = {"Config": config, "RepoTags": ["alpine:3.11"], "Layers": layer_names}
    (folder / "manifest.json").write_text(json.dumps([entry]))
    downloads = write_artifactory_folder(image, tmp_path / "downloads")
    make_by_script(downloads, tmp_path / "volume" / "registry" / "v2", "always")
    monkeypatch.chdir(tmp_path)
    return image


def commands() -> list[list[str]]:
    text = _DOCUMENT.read_text().partition("```sh\n")[2].partition("```")[0]
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("blobfix ")]


def test_every_command_does_what_it_says(
    saved: GeneratedImage,
    serve_registry: Callable[..., DockerRegistry],
    nginx: Callable[[str], Nginx],
    tmp_path: Path,
) -> None:
    registry = serve_registry(tmp_path / "registry")
    pass_on = f"proxy_pass http://{registry.host}/; proxy_set_header Host $http_host;"
    proxy = nginx(f"location /link/to/docker/registry/ {{ {pass_on} }}")
    places = {
        "localhost:5000": registry.host,
        "http://localhost:8081": proxy.url,
        # No test may need the internet.
        "alpine:3.11": f"{registry.host}/library/alpine:3.11",
    }
    seen = []
    for arguments in commands():
        real = list(arguments)
        for place, host in places.items():
            real = [host + word.removeprefix(place) if word.startswith(place) else word for word in real]
        outcome = run(*real)
        assert outcome.code == 0, (real, outcome.output)
        seen.append((arguments[0], outcome))
    outcomes = dict(seen)
    assert outcomes["tags"].output == "3.11\n"
    assert outcomes["inspect"].stdout == saved.config
    assert run("scan", tmp_path / "back").code == 0
    for storage in ("registry", "volume"):
        assert run("repair-tree", tmp_path / storage).code == 0
        assert run("scan", tmp_path / storage, "--select", str(saved.manifest_digest)).code == 0
    assert (tmp_path / "context" / "Dockerfile").read_text().count("\nADD ") == len(saved.diffs)
    assert json.loads(registry.manifest("my-repo", "1.0"))["config"]["digest"] == str(saved.image_id)
