"""nginx as the reverse proxy that stands in front of a registry (Debian: nginx-light)."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.programs.command import find
from tests.programs.process import Server

PACKAGE = "nginx-light"

_CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    types {{ application/json json; }}
    default_type application/octet-stream;
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""


class Nginx:
    """One nginx with one server block, whose inside is given.

    Start and end it with ``with``.
    """

    def __init__(self, server: str) -> None:
        self._program = find("nginx", PACKAGE)
        # Its worker is another user when the tests run as root, and must get to its temporary files.
        self._folder = tempfile.TemporaryDirectory(prefix="bf-nginx-", ignore_cleanup_errors=True)
        Path(self._folder.name).chmod(0o755)
        self._inside = server
        self._server: Server | None = None
        self.host = ""

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        # nginx can't choose a free port itself; one that was free a moment ago will do.
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config = folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=folder, port=port, server=self._inside))
        self._server = Server([self._program, "-p", str(folder), "-c", str(config)], folder / "log")
        self.host = f"127.0.0.1:{port}"
        self._server.wait_for(self._ping)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{self.host}"

    @property
    def access_log(self) -> list[str]:
        """The lines of the access log: each request with its status and its bytes."""
        return (Path(self._folder.name) / "access.log").read_text().splitlines()

    def _ping(self) -> bool | None:
        try:
            with socket.create_connection(("127.0.0.1", int(self.host.rpartition(":")[2])), timeout=5):
                return True
        except OSError:
            return None
