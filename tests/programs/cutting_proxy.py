"""A TCP proxy that breaks connections off after so many bytes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

_BLOCK = 1 << 16


class CuttingProxy:
    """Passes bytes on to ``target`` (HOST:PORT); ``upload_limit`` is asked once for each connection.

    It says how many bytes the client may send before both sides are reset; None: as many as it likes.
    Start and end it with ``with``.
    """

    def __init__(self, target: str, upload_limit: Callable[[], int | None]) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._upload_limit = upload_limit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.sent = 0
        self.cuts = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            left = self._upload_limit()
            with suppress(OSError):
                while block := client.recv(_BLOCK if left is None else max(1, min(_BLOCK, left))):
                    server.sendall(block)
                    self.sent += len(block)
                    if left is not None:
                        left -= len(block)
                        if left <= 0:
                            self._cut(client, server)
                            break
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(_BLOCK):
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        self.cuts += 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        server.close()
