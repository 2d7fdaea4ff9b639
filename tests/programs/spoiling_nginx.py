"""nginx: serves files as they are, and in the ways that spoil downloads (Debian: nginx-light)."""

from __future__ import annotations

import getpass
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
# Whoever runs the tests: their folders are nobody else's business.
user {user};
worker_processes 1;
pid {home}/pid;
error_log {home}/log info;
events {{}}
http {{
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path {home}/b;
    proxy_temp_path {home}/p;
    fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u;
    scgi_temp_path {home}/s;
    server {{
        listen 127.0.0.1:{port};
        root {files};
        # As it should be.
        location /plain/ {{ alias {files}/; }}
        # The body is called what it is only inside: gzip.
        location /encoded/ {{ alias {files}/; add_header Content-Encoding gzip; }}
        # For clients that don't ask for gzip it is unpacked.
        location /gunzip/ {{ alias {files}/; gzip_static always; gunzip on; }}
        # For clients that do it is packed, whatever it is.
        location /gzip/ {{ alias {files}/; gzip on; gzip_types *; gzip_min_length 1; }}
        # 16 kB each second.
        location /slow/ {{ alias {files}/; limit_rate 16k; }}
        # A session has ended.
        location /expired/ {{ return 302 /login; }}
        location /login {{
            default_type text/html;
            return 200 "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>";
        }}
        location /forbidden/ {{
            default_type application/json;
            return 403 '{{"errors" : [ {{"status" : 403, "message" : "Forbidden by policy"}} ]}}';
        }}
    }}
}}
"""


class Nginx:
    """A web server over a folder of files; start and end it with ``with``.

    For ``/gunzip/`` a file ``NAME`` must also lie there as ``NAME.gz``.
    """

    def __init__(self, files: Path) -> None:
        self._files = files
        self._program = find("nginx", PACKAGE)
        self._folder = tempfile.TemporaryDirectory(prefix="bf-nginx-")
        self._server: Server | None = None
        self.url = ""

    def __enter__(self) -> Self:
        home = Path(self._folder.name)
        config = home / "nginx.conf"
        # nginx itself can't be told to take any free port. But it takes over sockets from its predecessor, named in
        # the variable NGINX; so nobody else can have the port, and connections wait until it is ready.
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port, number = listening.getsockname()[1], listening.fileno()
            config.write_text(_CONFIG.format(home=home, files=self._files, port=port, user=getpass.getuser()))
            arguments = [self._program, "-e", str(home / "log"), "-c", str(config)]
            self._server = Server(arguments, home / "output", {"NGINX": f"{number};"}, pass_fds=[number])
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.stop()
        self._folder.cleanup()
