"""Real schedulers and workers: reports are those of one machine, or there is none, and the message says why."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from distributed import Client
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import ClusterError
from importer.inspection.inspecting import InspectFile
from importer.places.address import FileOnDisk
from importer.places.cloud.store import cloud_store_of
from importer.places.folder_store import FolderStore
from importer.progress import SilentProgress
from importer.sources.source_file import SourceFile
from importer.storage_tree.contents import ReadBlob
from importer.work.cluster import clusters
from importer.work.cluster import executor as cluster_executor
from importer.work.cluster.batch import own_path, packed, unpacked
from importer.work.cluster.flight import in_batches
from importer.work.engines import Engine, executor_of
from importer.work.executor import Executor
from importer.work.executor import run as carry_out
from importer.work.task import Tools
from tests.blobfix import command, environment
from tests.damage import cut_at
from tests.images.generated import small_image, write_artifactory_folder
from tests.in_process import run
from tests.programs.dask_cluster import DaskCluster
from tests.programs.seaweedfs import SeaweedFS
from tests.storage_tree.operators import ROWS
from tests.storage_tree.written_tree import write_tree
from tests.work.elsewhere import Elsewhere, ReadObject

QUIET = SilentProgress()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A registry's storage with some defects."""
    written = write_tree(tmp_path)
    for row in (row for row in ROWS if row.name in ("stray-data", "layer-truncated", "manifest-newline")):
        row.damage(written)
    return written.root


@pytest.fixture(scope="module")
def local() -> Iterator[Executor]:
    with executor_of(2, QUIET, engine=Engine.DASK) as executor:
        yield executor


def test_a_cluster_reports_what_one_machine_does_also_when_a_worker_is_killed_in_the_middle(
    dask_cluster: DaskCluster, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask_cluster.have_workers({}, {"KILLS": "0", "READ": str(tree)})
    layer = max(write_artifactory_folder(small_image(), tmp_path / "in" / "app" / "1").iterdir(), key=os.path.getsize)
    cut_at(layer, 1000)
    monkeypatch.chdir(tmp_path)
    for arguments in (
        ("scan", "in", "--format", "json"),
        ("scan", "in/app", "--deep", "--borrow", str(tmp_path / "in")),
        ("repair-tree", str(tree.relative_to(tmp_path)), "--format", "json"),
        ("repair-tree", str(tree), "--space", "--blobs", "in"),
    ):
        alone = run(*arguments)
        assert run(*arguments, "--engine", dask_cluster.engine) == alone
        assert alone.code == 4
    assert [worker.has_ended for worker in dask_cluster.workers] == [False, True]


def test_what_a_worker_cannot_see_is_not_called_missing(dask_cluster: DaskCluster, tree: Path) -> None:
    dask_cluster.have_workers({"HIDDEN": str(tree)})
    told = run("repair-tree", str(tree), "--engine", dask_cluster.engine)
    assert (told.code, told.text) == (5, "")
    assert f"can't read {tree}/" in told.stderr
    assert "No such file or directory" in told.stderr
    assert "share the folder with all workers" in told.stderr


def test_another_file_at_the_same_path_is_not_taken_for_the_input(dask_cluster: DaskCluster, tree: Path) -> None:
    dask_cluster.have_workers({"STALE": str(tree)})
    told = run("repair-tree", str(tree), "--engine", dask_cluster.engine)
    assert (told.code, told.text) == (5, "")
    assert f"sees another file than this machine at {tree}/" in told.stderr


def test_workers_of_another_version_are_refused_before_work_begins(dask_cluster: DaskCluster, tree: Path) -> None:
    dask_cluster.have_workers({"RELEASE": "0.0.1", "KILLS": "0", "READ": str(tree)})
    told = run("repair-tree", str(tree), "--engine", dask_cluster.engine)
    assert (told.code, told.text) == (5, "")
    assert "has blobfix 0.0.1 on Python" in told.stderr
    assert not dask_cluster.workers[0].has_ended


def test_a_bucket_is_read_with_the_workers_own_login(
    dask_cluster: DaskCluster, seaweedfs: SeaweedFS, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seaweedfs.use(monkeypatch)
    place = seaweedfs.upload(tree, seaweedfs.new_place()).shown("")
    arguments = ("repair-tree", place, "--format", "json")
    alone = run(*arguments)
    assert alone.code == 4
    dask_cluster.have_workers(seaweedfs.environment)
    distributed = (*arguments, "--engine", dask_cluster.engine)
    assert run(*distributed) == alone
    state = ("--state", str(tmp_path / "kept.state"))
    assert run(*distributed, *state).json["state"]["read"]["files"]
    assert run(*distributed, *state).json["state"]["read"]["files"] == 0
    dask_cluster.have_workers({**seaweedfs.environment, "AWS_SECRET_ACCESS_KEY": "another"})
    told = run(*distributed)
    assert (told.code, told.text) == (5, "")
    assert f"can't read {place}/" in told.stderr
    assert "set endpoint and credentials in the environment of all workers" in told.stderr


def test_a_scheduler_that_goes_away_ends_the_run_with_the_way_to_go_on(tree: Path, tmp_path: Path) -> None:
    with DaskCluster(tmp_path) as cluster:
        cluster.have_workers({"KILLS": str(cluster.scheduler.pid), "READ": str(tree)})
        told = run("repair-tree", str(tree), "--engine", cluster.engine)
    assert (told.code, told.text) == (5, "")
    assert "the connection to the scheduler broke" in told.stderr
    assert "--state FILE" in told.stderr


def test_without_scheduler_or_workers_it_says_what_to_start(
    dask_cluster: DaskCluster, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_PATIENCE", "0.2s")
    monkeypatch.setattr(cluster_executor, "_WAIT", 0.2)
    dask_cluster.have_workers()
    told = run("repair-tree", str(tree), "--engine", dask_cluster.engine)
    assert (told.code, told.text) == (5, "")
    assert f"start some: dask worker {dask_cluster.address}" in told.stderr
    told = run("scan", str(tree), "--engine", "dask://127.0.0.1:1")
    assert (told.code, told.text) == (5, "")
    assert "dask://127.0.0.1:1: no Dask scheduler answers" in told.stderr


@pytest.mark.parametrize("engine", ["ray", "dask:", "dask://", "dask://a:b", "dask://u:p@h:1", "dask://h:1/x"])
def test_an_engine_that_makes_no_sense_is_wrong_usage(engine: str, tmp_path: Path) -> None:
    told = run("scan", str(tmp_path), "--engine", engine)
    assert told.code == 2
    assert "dask://HOST:PORT" in told.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "importer.work.cluster.clusters")
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = run("scan", str(tmp_path), "--engine", "dask")
    assert told.code == 2
    assert "pip install 'distributed>=2025.1' 'cryptography>=42'" in told.stderr


def test_ctrl_c_ends_a_local_cluster_and_dask_says_nothing(tmp_path: Path) -> None:
    # As large as a file may be that takes no room.
    with (tmp_path / "layer").open("wb") as layer:
        layer.truncate(1 << 40)
    arguments = command("scan", tmp_path, "--engine", "dask", "-j", "2")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, env=environment(), start_new_session=True) as started:
        process = psutil.Process(started.pid)
        while not any(_reads(child, layer.name) for child in process.children()):
            with pytest.raises(subprocess.TimeoutExpired):
                started.wait(0.05)
        workers = process.children()
        os.killpg(started.pid, signal.SIGINT)
        _, told = started.communicate(timeout=60)
    assert started.returncode == 130
    assert told.decode().splitlines() == ["blobfix: interrupted; no partial image was left behind"]
    assert not psutil.wait_procs(workers, timeout=20)[1]


def _reads(process: psutil.Process, path: str) -> bool:
    try:
        return path in {file.path for file in process.open_files()}
    except psutil.Error:
        return False


def test_nobody_else_gets_into_a_local_cluster(local: Executor) -> None:
    assert isinstance(local, cluster_executor.DaskExecutor)
    told = local._client.scheduler_info()
    addresses = [told["address"]]
    for address, worker in told["workers"].items():
        addresses += [address, worker["nanny"]]
    assert len(addresses) == 5
    assert all(address.startswith("tls://127.0.0.1:") for address in addresses)
    # Dashboards would be among these.
    assert [told["services"], *(worker["services"] for worker in told["workers"].values())] == [{}, {}, {}]
    with pytest.raises(OSError):  # noqa: PT011 - what it says depends on who ends the connection first
        Client(told["address"].replace("tls:", "tcp:"), timeout="0.2s")


def test_a_disk_that_fails_a_worker_is_asked_again_by_the_coordinator(local: Executor, tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_text("whole")
    assert carry_out(local, [ReadObject(Elsewhere(errno.EIO, os.getpid()), str(path))]) == ["whole"]
    with pytest.raises(ClusterError, match="Permission denied"):
        carry_out(local, [ReadObject(Elsewhere(errno.EACCES, os.getpid()), str(path))])
    # What nobody can read is the task's own to tell.
    assert carry_out(local, [ReadObject(Elsewhere(errno.EACCES, 0), str(tmp_path / "none"))]) == ["damaged"]


def test_no_login_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {name: f"secret-{name.lower()}" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    for name, value in {
        **secrets,
        "AWS_SESSION_TOKEN": "secret-token",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    store = cloud_store_of("s3://bucket/place")
    assert store.connection
    content = packed(
        [InspectFile(SourceFile("a", ("a",), 1, store.address("a"))), ReadBlob(store, "b", "b", 1, None)], "/"
    )
    assert b"bucket" in content
    assert b"secret" not in content


@given(st.lists(st.text("abc/.", min_size=1)), st.sampled_from(["/", "/srv", "/srv/data"]))
def test_paths_hold_for_workers_and_come_back_as_they_were(paths: list[str], folder: str) -> None:
    files = unpacked(packed([FileOnDisk(path) for path in paths], folder))
    for path, file in zip(paths, files, strict=True):
        assert os.path.normpath(file.path) == os.path.normpath(Path(folder, path))
        assert own_path(file.path, folder) == path
    stores = [FolderStore(Path(path)) for path in paths]
    there = [store.root for store in unpacked(packed(stores, folder))]
    assert [Path(own_path(str(root), folder)) for root in there] == [store.root for store in stores]


@dataclass(frozen=True)
class Sized:
    size: int

    def carry_out(self, _: Tools) -> None:
        """Nothing."""


@given(st.lists(st.integers(0, 3 << 30), max_size=3000), st.integers(1, 400))
def test_batches_have_each_task_once_and_are_bounded(sizes: list[int], count: int) -> None:
    tasks = [Sized(size) for size in sizes]
    batches = list(in_batches(tasks, count))
    assert [task for batch in batches for task in batch] == tasks
    assert all(len(batch) <= 1000 for batch in batches)
    assert all(len(batch) == 1 or sum(task.size for task in batch) <= 1 << 30 for batch in batches)


def test_what_answers_and_is_no_scheduler_is_not_waited_for(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_SECONDS_TO_CONNECT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        engine = f"dask://127.0.0.1:{mute.getsockname()[1]}"
        told = run("scan", str(tree), "--engine", engine)
    assert (told.code, told.text) == (5, "")
    assert f"{engine}: no Dask scheduler answers" in told.stderr
