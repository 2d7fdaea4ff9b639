"""Every reader of bytes or text from outside: what it is fed with, and which errors it may raise."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import zstandard

from importer.domain.digest import Digest
from importer.domain.json_members import object_of
from importer.domain.places import parse_place, parse_prefix
from importer.domain.platform import Platform
from importer.domain.reference import Reference
from importer.domain.run_settings import parse_run_settings
from importer.errors import BlobfixError
from importer.formats.deflate import GzipStream
from importer.formats.documents import read_document
from importer.formats.error_pages import message_of_markup
from importer.formats.http_headers import digest_in_headers, size_of_headers
from importer.formats.library_streams import DeflateStream
from importer.formats.name_table import read_name_table
from importer.formats.signatures import kind_of_head
from importer.formats.streams import DecodedStream
from importer.formats.tar_headers import TarWalker
from importer.formats.zstandard_frames import ZstdStream
from importer.inspection.properties import properties_in
from importer.places.address import Literal
from importer.places.opener import Opener
from importer.recovery.blobs.restoration import restorations
from importer.recovery.documents.manifest_text import alteration_in
from importer.server.byte_ranges import UnsatisfiableRangeError, wanted_range
from importer.sources.archive_entries import entries_of
from importer.sources.decompression import Allowance
from importer.sources.source_file import SourceFile
from importer.sources.tar_archive import list_tar
from importer.sources.zip_archive import list_zip
from importer.storage_tree.documents import read_manifest
from importer.storage_tree.link_text import read_link_text
from importer.transport.answer import quote_body
from importer.transport.challenge import preferred_challenge
from importer.transport.docker_config import DockerConfig
from importer.transport.header_values import lifetime, seconds_since_1970, token, whole_number
from importer.transport.ranges import ContentRange
from importer.writers.merged_names import MergedNames
from importer.writers.tar_entries import TarReader
from tests.images.content import sample_layers
from tests.images.generated import make_image, make_index
from tests.sources.archiving import tar_of, zip_of

_IMAGE: Final = make_image(sample_layers("reader", 500))
_HEX: Final = "ab" * 32
_FILES: Final = {"a/manifest.json": _IMAGE.manifest, "a/b": b"b" * 600}
_SAVED: Final = [{"Config": "a.json", "RepoTags": ["a:b"], "Layers": ["b/layer.tar"]}]
_SCHEMA1: Final = {
    "schemaVersion": 1,
    "name": "a",
    "tag": "b",
    "architecture": "amd64",
    "fsLayers": [{"blobSum": f"sha256:{_HEX}"}],
    "history": [{"v1Compatibility": '{"id":"a"}'}],
    "signatures": [{"protected": "eyJmb3JtYXRMZW5ndGgiOjEsImZvcm1hdFRhaWwiOiJDbjAifQ"}],
}
_LOGINS: Final = {"auths": {"h.example": {"auth": "YTpi"}}, "credHelpers": {"x.example": "x"}}


@dataclass(frozen=True)
class Reader:
    """A function that takes bytes from outside.

    Attributes:
        name: of the reader.
        read: the function; its generators are read to their end.
        samples: good inputs, which are changed.
        errors: what it may raise.
    """

    name: str
    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = ()


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda content: read(content.decode("latin-1"))


def _document(content: bytes) -> None:
    document = read_document(content)
    for parsed in (document.manifest, document.index, document.schema1, document.config):
        hash(parsed)
    read_manifest(content)
    alteration_in(content)
    if isinstance(document.value, dict):
        with contextlib.suppress(ValueError):
            parse_run_settings(document.value)


def _decoded(make: Callable[[], DecodedStream]) -> Callable[[bytes], object]:
    def read(content: bytes) -> None:
        stream = make()
        for start in range(0, len(content), 1000):
            for _ in islice(stream.feed(content[start : start + 1000]), 200):
                pass
        stream.close()

    return read


def _walk_tar(content: bytes) -> None:
    walker = TarWalker(keep_entries=True)
    walker.feed(content)


def _merge_tar(content: bytes) -> None:
    names = MergedNames()
    names.apply(0, TarReader(iter([content]), "the layer"), "the layer")
    names.apply(1, TarReader(iter([content]), "the layer"), "the layer")
    names.survivors()


def _archive(list_members: Callable[[bytes], Iterable[Any]]) -> Callable[[bytes], object]:
    def read(content: bytes) -> None:
        opener = Opener()
        container = SourceFile("x", ("x",), len(content), Literal(content))
        for entry in entries_of(container, list_members(content)):
            if isinstance(entry, SourceFile):
                with contextlib.suppress(OSError), opener.open(entry.address) as stream:
                    stream.read(1 << 20)

    return read


def _logins(content: bytes) -> None:
    try:
        value = object_of(json.loads(content))
    except (ValueError, RecursionError):
        return
    config = DockerConfig(Path("config.json"), value, lambda _name, _server: content.decode("latin-1"))
    for server in ("h.example", "x.example", "docker.io"):
        found = config.credentials_for(server)
        str(getattr(found, "basic", "")).encode("latin-1")


def _headers(text: str) -> None:
    whole_number(text)
    seconds_since_1970(text)
    token(text)
    ContentRange.parse(text)
    preferred_challenge([text, text])
    with contextlib.suppress(UnsatisfiableRangeError):
        wanted_range(text, 1000)


def _expiry(content: bytes) -> None:
    lifetime(json.loads(content), 60.0)


_JSON: Final = (
    _IMAGE.manifest,
    _IMAGE.config,
    make_index([_IMAGE]).manifest,
    *(json.dumps(value).encode() for value in (_SAVED, _SCHEMA1, {"imageLayoutVersion": "1.0.0"})),
)
_NAMES: Final = (b"registry.example:5000/team/app:1.4", b"team/app@sha256:" + _HEX.encode(), b"linux/arm64/v8")
_SAVED_HEADERS: Final = b"HTTP/1.1 200 OK\r\nDocker-Content-Digest: sha256:" + _HEX.encode() + b"\r\n\r\n{}"
_HEADERS: Final = (b"bytes 0-5/10", b'Bearer realm="https://h.example/t",scope="a b"', b"bytes=1-2")
_URLS: Final = (
    b"https://h.example/artifactory/local/a/1/",
    b"https://h.example/v2/a/manifests/1",
    b"http://[::1]:5/v2",
)
_TABLE: Final = b"repo,node_path,node_name,sha1_actual,sha256\nr,team/app/1.4,manifest.json,%s,%s\n" % (
    b"ab" * 20,
    _HEX.encode(),
)

READERS: Final = (
    Reader("documents", _document, _JSON),
    Reader("restorations", lambda content: list(islice(restorations(content), 40)), _JSON),
    Reader("error bodies", quote_body, (b'{"errors":[{"code":"X","message":"no"}]}', b"<html><title>Sign in</title>")),
    Reader("markup", _text(message_of_markup), (b"<html><script>a</script><title>Sign in</title>", b"<Code>x</Code>")),
    Reader("heads", kind_of_head, (*_JSON, gzip.compress(b"a"), tar_of(_FILES))),
    Reader("saved headers", lambda c: (size_of_headers(c), digest_in_headers(c)), (_SAVED_HEADERS,)),
    Reader("properties", _text(properties_in), (b"@BlobStore.blob-name=a\nsha1=ab\n", b"<properties><a.b>c</a.b>")),
    Reader("links", read_link_text, (b"sha256:" + _HEX.encode(), _HEX.encode() + b"  data\n")),
    Reader("name tables", lambda content: read_name_table(io.BytesIO(content)), (_TABLE,), (ValueError,)),
    Reader("gzip", _decoded(GzipStream), (gzip.compress(b"a" * 5000 + bytes(range(256))),)),
    Reader("zstd", _decoded(ZstdStream), (zstandard.compress(b"a" * 5000 + bytes(range(256))),)),
    Reader("deflate", _decoded(DeflateStream), (gzip.compress(bytes(range(256)))[10:-8],)),
    Reader("tar headers", _walk_tar, (tar_of(_FILES),)),
    Reader("merged tars", _merge_tar, (tar_of(_FILES),), (BlobfixError,)),
    Reader("tars", _archive(lambda c: list_tar(Opener(), Literal(c), len(c))), (tar_of(_FILES),), (OSError,)),
    Reader(
        "zips",
        _archive(lambda c: list_zip(Opener(), Literal(c), len(c), Allowance())),
        (zip_of(_FILES), zip_of(_FILES, streamed=True)),
        (OSError,),
    ),
    Reader("headers", _text(_headers), _HEADERS),
    Reader("lifetimes", _expiry, (b"300", b'"300"'), (ValueError, RecursionError)),
    Reader("logins", _logins, (json.dumps(_LOGINS).encode(), b'{"Username":"a","Secret":"b"}'), (BlobfixError,)),
    Reader("digests", _text(Digest.parse), (b"sha256:" + _HEX.encode(),), (ValueError,)),
    Reader("names with digests", _text(Digest.from_name), (b"sha256__" + _HEX.encode() + b" (1).gz",)),
    Reader("references", _text(Reference.parse), _NAMES, (ValueError,)),
    Reader("platforms", _text(Platform.parse), _NAMES, (ValueError,)),
    Reader("places", _text(parse_place), (*_NAMES, *_URLS), (ValueError,)),
    Reader("prefixes", _text(parse_prefix), (*_NAMES, *_URLS), (ValueError,)),
)
