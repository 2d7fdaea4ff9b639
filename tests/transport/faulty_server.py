"""A web server that does what a script says, one request after the other."""

from __future__ import annotations

import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_SLICE = 1 << 16
_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")


@dataclass(frozen=True)
class Resource:
    """What a path holds; a view of a file that is mapped into memory will do for the content."""

    content: bytes | memoryview
    media_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """How one answer differs from a right one.

    Attributes:
        status: another status, with ``body`` as its body.
        headers: added to, or in place of, the right ones; None removes one.
        body: another body.
        cut_at: bytes of the body after which the connection is closed.
        reset: close it by a reset, not in order.
        ignore_range: 200 and the whole for a Range.
        range_start: the start that the Content-Range claims, instead of the right one.
        total: the total that the Content-Range claims.
        chunked: say no length and close at the end.
        stall: wait for the server's end instead of sending the rest.
        rate: bytes to send in a second, at most; None for as many as the line takes.
        act: called before the answer.
    """

    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    cut_at: int | None = None
    reset: bool = False
    ignore_range: bool = False
    range_start: int | None = None
    total: int | None = None
    chunked: bool = False
    stall: bool = False
    rate: float | None = None
    act: Callable[[], None] | None = None


@dataclass(frozen=True)
class Seen:
    """A request that came; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Script = Callable[[Seen], Fault | None]


class FaultyServer:
    """Serves ``resources`` on a free port of 127.0.0.1; start and end it with ``with``.

    ``sent`` counts the bytes of all bodies. ``stalled`` tells, by path, up to which byte of its resource a body was
    sent that stands still.

    ``faults`` are used up by GET and HEAD requests in order; ``script`` is asked when there are none left.
    """

    def __init__(self, resources: Mapping[str, Resource] | None = None) -> None:
        self.resources = dict(resources or {})
        self.faults: deque[Fault | None] = deque()
        self.script: Script = lambda _: None
        self.seen: list[Seen] = []
        self.sent = 0
        self.stalled: dict[str, int] = {}
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        owner = self

        class Handler(_Handler):
            server_owner = owner

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{self.host}"

    def requests(self, path: str = "") -> list[Seen]:
        """The requests whose path begins with ``path``."""
        return [each for each in self.seen if each.path.startswith(path)]

    def fault_for(self, seen: Seen) -> Fault:
        """Note a request, and say what to do about it."""
        with self._lock:
            self.seen.append(seen)
            if self.faults:
                return self.faults.popleft() or Fault()
        return self.script(seen) or Fault()

    def count(self, size: int) -> None:
        """Count bytes of bodies."""
        with self._lock:
            self.sent += size


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are a part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server_owner: FaultyServer
    protocol_version = "HTTP/1.1"
    # A body waits for the head to be acknowledged otherwise, which takes 40 ms.
    disable_nagle_algorithm = True

    def handle_any(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, self.read_body())
        fault = self.server_owner.fault_for(seen)
        if fault.act:
            fault.act()
        self.answer(seen, fault)

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def answer(self, seen: Seen, fault: Fault) -> None:
        resource = self.server_owner.resources.get(seen.path)
        if fault.status is not None or resource is None:
            body = fault.body if fault.body is not None else b""
            self._send(seen, fault, fault.status or 404, {}, body)
            return
        # A view, since each response of a large body would copy all of it.
        whole = memoryview(fault.body if fault.body is not None else resource.content)
        headers: dict[str, str | None] = {"Content-Type": resource.media_type, **resource.headers}
        wanted = _RANGE.fullmatch(seen.headers.get("range", ""))
        if not wanted or fault.ignore_range:
            self._send(seen, fault, 200, headers, whole)
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(whole) - 1), len(whole) - 1)
        if first >= len(whole):
            self._send(seen, fault, 416, {"Content-Range": f"bytes */{len(whole)}"}, b"")
            return
        said = first if fault.range_start is None else fault.range_start
        total = len(whole) if fault.total is None else fault.total
        headers["Content-Range"] = f"bytes {said}-{last - first + said}/{total}"
        self._send(seen, fault, 206, headers, whole[first : last + 1])

    def _send(
        self, seen: Seen, fault: Fault, status: int, headers: Mapping[str, str | None], body: bytes | memoryview
    ) -> None:
        lines: dict[str, str | None] = {**headers}
        if not fault.chunked:
            lines["Content-Length"] = str(len(body))
        lines |= fault.headers
        self.send_response(status)
        for name, value in lines.items():
            if value is not None:
                self.send_header(name, value)
        if fault.chunked:
            self.send_header("Connection", "close")
        self.end_headers()
        if seen.method == "HEAD":
            return
        part = body if fault.cut_at is None else body[: fault.cut_at]
        self._write(part, fault.rate)
        if fault.stall:
            if len(part) < len(body):
                start = _RANGE.fullmatch(seen.headers.get("range", "bytes=0-"))
                self.server_owner.stalled[seen.path] = int(start[1] if start else 0) + len(part)
            self.server_owner.stopping.wait(60)
        if fault.cut_at is not None or fault.chunked or fault.stall:
            self._close(fault.reset)

    def _write(self, part: bytes | memoryview, rate: float | None) -> None:
        if rate is None:
            self.wfile.write(part)
            self.server_owner.count(len(part))
            return
        # What waits in the system's buffer when the client dies was never on a real line.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SLICE)
        for start in range(0, len(part), _SLICE):
            piece = part[start : start + _SLICE]
            self.server_owner.count(self.wfile.write(piece))
            self.server_owner.stopping.wait(len(piece) / rate)

    def _close(self, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
