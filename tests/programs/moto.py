"""moto's S3 server: another implementation, with conditions as Amazon has them, and slow (PyPI: moto)."""

from __future__ import annotations

import urllib.request

from tests.programs.s3_server import BUCKET, S3Server, free_ports


class MotoServer(S3Server):
    """``moto_server``, with everything in memory; it takes any login."""

    PROGRAM = "moto_server"
    PACKAGE = "moto[server]"

    def command(self) -> list[str]:
        """Listen at a free port."""
        port = free_ports(1)[0]
        self.endpoint = f"http://127.0.0.1:{port}"
        return [self.program, "-H", "127.0.0.1", "-p", str(port)]

    def _ping(self) -> bool | None:
        if not super()._ping():
            return None
        request = urllib.request.Request(f"{self.endpoint}/{BUCKET}", method="PUT")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30):
            return True
