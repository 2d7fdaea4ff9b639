"""The connection to a bucket: made where it is used, from the usual environment variables, and kept by the process.

Sources: obstore 0.12 and object_store, whose variables these are (AWS_*, GOOGLE_*, AZURE_*).
"""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

from importer.errors import BlobfixError, UsageError
from importer.places.cloud.trouble import is_not_partial, is_out_of_range, is_panic, translated, unusable

if TYPE_CHECKING:
    from obstore import GetOptions, ObjectMeta, PutMode
    from obstore.store import AzureConfig, AzureStore, ClientConfig, GCSStore, S3Config, S3Store

    Bucket = S3Store | GCSStore | AzureStore

T = TypeVar("T")

PAGE: Final = 1000
"""Objects that a server lists in one answer."""

PART: Final = 8 << 20
"""Bytes of a part of an upload; 10,000 of them are the most that a server takes."""

_PARTS_AT_ONCE: Final = 2
_LARGEST_COPY: Final = 5 << 30
"""Bytes that Amazon S3 copies in one request (API reference, CopyObject); more goes through this machine."""

_VARIABLES_OF: Final = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}
_VARIABLES: Final = tuple(_VARIABLES_OF.values())
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Location(NamedTuple):
    """Which bucket; ``endpoint`` is the server's URL, or empty for the provider's own."""

    scheme: str
    bucket: str
    endpoint: str


class Meta(NamedTuple):
    """What a server tells of an object: size in bytes, ETag without quotes, and version where it has such."""

    key: str
    size: int
    etag: str
    version: str | None = None


class Piece(NamedTuple):
    """Some bytes of an object, and what it is."""

    meta: Meta
    content: memoryview


class Connection:
    """Asks a bucket's server. All methods raise OSError for one object, and BlobfixError for the whole bucket."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self.bucket = _opened(location)
        self.has_ranges = True
        """Whether parts of objects can be asked for: until the server has answered otherwise."""

    def ask(self, shown: str, question: Callable[[Bucket], T]) -> T:
        """Ask, so that an interrupt ends the waiting: obstore's calls notice none."""
        try:
            if threading.current_thread() is threading.main_thread():
                return aside(lambda: question(self.bucket)).result()
            return question(self.bucket)
        except (BlobfixError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise translated(error, shown, self._location.scheme, self._location.endpoint) from None
        except BaseException as error:
            # A panic of Rust's is no Exception.
            if not is_panic(error):
                raise
            raise unusable(shown, self._location.scheme) from None

    def meta(self, key: str, shown: str) -> Meta:
        """What an object is; FileNotFoundError if there is none."""
        return self.ask(shown, lambda bucket: _meta(bucket.head(key)))

    def piece(self, key: str, shown: str, start: int, size: int, etag: str = "") -> Piece:
        """``size`` bytes from ``start`` on, or what there is; ObjectChangedError if the ETag is another one."""

        def get(bucket: Bucket) -> Piece:
            condition: GetOptions = {"if_match": f'"{etag}"'} if etag else {}
            if self.has_ranges:
                # An empty object has no part.
                try:
                    part = bucket.get(key, options={"range": (start, start + size), **condition})
                    return Piece(_meta(part.meta), memoryview(part.bytes()))
                except Exception as error:
                    if is_not_partial(error):
                        self.has_ranges = False
                    elif start or not is_out_of_range(error):
                        raise
            whole = bucket.get(key, options=condition)
            return Piece(_meta(whole.meta), _beginning(whole.stream(size), start, size))

        return self.ask(shown, get)

    def stream(
        self, key: str, shown: str, size: int, start: int = 0, etag: str = ""
    ) -> tuple[Meta, Iterator[memoryview]]:
        """An object from ``start`` on, in pieces of ``size`` bytes; raises as ``piece`` does."""

        def get(bucket: Bucket) -> tuple[Meta, Iterator[bytes]]:
            options: GetOptions = {"if_match": f'"{etag}"'} if etag else {}
            if start:
                options["range"] = {"offset": start}
            answer = bucket.get(key, options=options)
            return _meta(answer.meta), iter(answer.stream(size))

        meta, pieces = self.ask(shown, get)
        return meta, map(memoryview, self._each(shown, pieces))

    def put(self, key: str, shown: str, content: bytes, former: Meta | Literal["any"] | None = "any") -> Meta:
        """Write a small object at once, if the key has what it had: FileExistsError or ObjectChangedError else."""
        mode: PutMode = "overwrite"
        if former is None:
            mode = "create"
        elif former != "any":
            # A version that is None must not be there at all.
            mode = {"e_tag": f'"{former.etag}"', **({"version": former.version} if former.version else {})}
        done = self.ask(shown, lambda bucket: bucket.put(key, content, mode=mode, use_multipart=False))
        return Meta(key, len(content), (done["e_tag"] or "").strip('"'), done["version"])

    def upload(self, key: str, shown: str, parts: Iterator[bytes] | Iterator[memoryview]) -> None:
        """Write an object of any size, in parts; what ``parts`` raises aborts the upload."""
        self.ask(
            shown,
            lambda bucket: bucket.put(key, parts, use_multipart=True, chunk_size=PART, max_concurrency=_PARTS_AT_ONCE),
        )

    def copy(self, source: Meta, key: str, shown: str, *, overwrite: bool) -> None:
        """Copy on the server's side; FileExistsError where nothing may be overwritten."""
        if source.size <= _LARGEST_COPY:
            self.ask(shown, lambda bucket: bucket.copy(source.key, key, overwrite=overwrite))
            return
        if not overwrite and self._has(key, shown):
            raise FileExistsError(errno.EEXIST, "is there already", shown)
        self.upload(key, shown, self.stream(source.key, shown, PART)[1])

    def delete(self, keys: Sequence[str], shown: str) -> None:
        """Delete objects, if they are there."""
        if keys:
            self.ask(shown, lambda bucket: bucket.delete(keys))

    def modified(self, key: str, shown: str) -> datetime:
        """When an object was written, by the server's clock."""
        return self.ask(shown, lambda bucket: bucket.head(key)["last_modified"])

    def _has(self, key: str, shown: str) -> bool:
        try:
            self.meta(key, shown)
        except FileNotFoundError:
            return False
        return True

    def pages(self, prefix: str, shown: str, after: str = "") -> Iterator[Sequence[Meta]]:
        """The objects whose keys begin with a prefix and a slash, by their keys, a page at a time."""

        def begin(bucket: Bucket) -> Iterator[Sequence[ObjectMeta]]:
            return bucket.list(prefix or None, offset=after or None, chunk_size=PAGE)

        for page in self._each(shown, self.ask(shown, begin)):
            yield [_meta(each) for each in page]

    def folder(self, prefix: str, shown: str) -> tuple[Sequence[str], Sequence[Meta]]:
        """The prefixes and objects directly below a prefix."""
        found = self.ask(shown, lambda bucket: bucket.list_with_delimiter(prefix or None))
        return found["common_prefixes"], [_meta(each) for each in found["objects"]]

    def _each(self, shown: str, items: Iterator[T]) -> Iterator[T]:
        while (item := self.ask(shown, lambda _: next(items, None))) is not None:
            yield item


def aside(work: Callable[[], T]) -> Future[T]:
    """Do something in a thread of its own, which a program that ends doesn't wait for."""
    future: Future[T] = Future()

    def carry_out() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=carry_out, daemon=True).start()
    return future


def connection_to(location: Location) -> Connection:
    """The process's connection to a bucket, as the environment is now; raises UsageError where that makes no sense."""
    return _connection(location, tuple(sorted(each for each in os.environ.items() if each[0].startswith(_VARIABLES))))


@lru_cache(maxsize=32)
def _connection(location: Location, environment: tuple[tuple[str, str], ...]) -> Connection:
    for name, value in environment:
        # Of the values, only JSON may have several lines.
        if name.startswith(_VARIABLES_OF[location.scheme]) and _CONTROL.search(value) and value.lstrip()[:1] != "{":
            raise UsageError(f"{name}: has a control character in it, perhaps a line end of Windows; set it without")
    return Connection(location)


def _opened(location: Location) -> Bucket:
    try:
        from obstore import store  # noqa: PLC0415 (an extra, and slow to load)
    except ImportError as error:
        raise UsageError("buckets need one more package: pip install 'obstore>=0.12,<0.13'") from error
    scheme, bucket, endpoint = location
    options = _client_options(endpoint)
    try:
        if scheme == "gs":
            return store.GCSStore(bucket, client_options=options)
        if scheme == "az":
            of_azure: AzureConfig = {"endpoint": endpoint} if endpoint else {}
            return store.AzureStore(bucket, config=of_azure, client_options=options)
        of_s3: S3Config = {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint} if endpoint else {}
        return store.S3Store(bucket, config=of_s3, client_options=options, copy_if_not_exists="multipart")
    except Exception as error:
        raise translated(error, f"{scheme}://{bucket}", scheme, endpoint) from None
    except BaseException as error:
        if not is_panic(error):
            raise
        raise unusable(f"{scheme}://{bucket}", scheme) from None


def _client_options(endpoint: str) -> ClientConfig:
    options: ClientConfig = {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=10),
        # Of one read; a large part on a slow line takes as long as it takes.
        "read_timeout": timedelta(seconds=60),
        "timeout": timedelta(hours=1),
    }
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        try:
            options["root_certificate"] = Path(bundle).read_bytes()
        except OSError as error:
            raise UsageError(f"AWS_CA_BUNDLE: {bundle}: can't be read: {error.strerror}") from error
    return options


def _meta(meta: ObjectMeta) -> Meta:
    # In some servers' listings the ETag is without its quotes.
    return Meta(meta["path"], meta["size"], (meta["e_tag"] or "").strip('"'), meta["version"])


def _beginning(pieces: Iterable[bytes], start: int, size: int) -> memoryview:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) >= start + size:
            break
    return memoryview(content)[start : start + size]
