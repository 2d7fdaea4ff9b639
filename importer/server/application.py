"""The registry API, for reading.

Sources: distribution-spec v1.1, "Pull", "Content Discovery", "Error Codes"; distribution
``docs/spec/api.md`` (headers that docker wants: Docker-Distribution-Api-Version,
Docker-Content-Digest).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.places.opener import Opener
from importer.plan.blobs import ProvenBlob
from importer.server.bodies import body_of
from importer.server.byte_ranges import UnsatisfiableRangeError, wanted_range
from importer.server.repositories import ServedManifest, ServedRepository
from importer.server.verdicts import Verdicts

_PATH: Final = re.compile(r"(?P<name>[^/].*?)/(?P<kind>manifests|blobs|referrers|tags)/(?P<reference>[^/]+)")
_API_HEADERS: Final = {"Docker-Distribution-Api-Version": "registry/2.0"}
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
_LARGEST_PAGE: Final = 10_000


class RegistryApplication:
    """Answers requests from repositories that don't change."""

    def __init__(self, repositories: Mapping[str, ServedRepository], verdicts: Verdicts, opener: Opener) -> None:
        self._opener = opener
        self._repositories = repositories
        self._verdicts = verdicts

    def asgi(self) -> Starlette:
        """The application as uvicorn runs it."""
        return Starlette(
            routes=[
                Route("/v2", self._answer, methods=_METHODS),
                Route("/v2/{path:path}", self._answer, methods=_METHODS),
                Route("/{path:path}", self._nothing, methods=_METHODS),
            ]
        )

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _error(405, "UNSUPPORTED", "this registry is read-only")
        path = request.path_params.get("path", "")
        if not path:
            return JSONResponse({}, headers=_API_HEADERS)
        if path == "_catalog":
            return _page(request, "repositories", self._repositories, {})
        match = _PATH.fullmatch(path)
        repository = self._repositories.get(match["name"]) if match else None
        if match and match["kind"] == "referrers":
            # Even of a repository that isn't there: by a 404, clients take the API for missing.
            return _referrers(request, repository or ServedRepository(), match["reference"])
        if match is None or repository is None:
            return _error(404, "NAME_UNKNOWN", "no such repository here")
        return await self._in_repository(request, repository, match)

    async def _in_repository(self, request: Request, repository: ServedRepository, match: re.Match[str]) -> Response:
        reference = match["reference"]
        match match["kind"]:
            case "manifests":
                return _manifest(request, repository.manifest(reference))
            case "blobs":
                return await self._blob(request, repository.blob(reference))
        if reference != "list":
            return _error(404, "UNSUPPORTED", "only tags/list is available")
        return _page(request, "tags", repository.tags, {"name": match["name"]})

    async def _blob(self, request: Request, blob: ProvenBlob | None) -> Response:
        if blob is None:
            return _error(404, "BLOB_UNKNOWN", "no blob has that digest here")
        if not await run_in_threadpool(self._verdicts.is_sound, blob):
            return _error(500, "UNKNOWN", "the blob's file has changed or is gone; restart blobfix serve")
        etag = f'"{blob.digest}"'
        headers = {
            **_API_HEADERS,
            "Docker-Content-Digest": str(blob.digest),
            "Accept-Ranges": "bytes",
            "ETag": etag,
            "Content-Type": "application/octet-stream",
        }
        if _is_known(request, blob.digest):
            return Response(status_code=304, headers={"ETag": etag, **_API_HEADERS})
        # A client that goes on with another version of the resource must get all of this one (RFC 9110 §13.1.5).
        same = request.headers.get("if-range", etag) == etag
        try:
            part = wanted_range(request.headers.get("range"), blob.size) if same else None
        except UnsatisfiableRangeError:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{blob.size}"})
        return _stream(request, blob, self._opener, part, headers)

    async def _nothing(self, request: Request) -> Response:  # noqa: ARG002 - every path is the same
        return _error(404, "UNSUPPORTED", "the registry API begins at /v2/")


def _stream(
    request: Request, blob: ProvenBlob, opener: Opener, part: tuple[int, int] | None, headers: dict[str, str]
) -> Response:
    start, stop = part or (0, blob.size)
    headers["Content-Length"] = str(stop - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{blob.size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(body_of(blob, opener, start, stop), status, headers)


def _manifest(request: Request, manifest: ServedManifest | None) -> Response:
    if manifest is None:
        return _error(404, "MANIFEST_UNKNOWN", "no manifest has that tag or digest here")
    headers = {
        **_API_HEADERS,
        "Content-Type": manifest.media_type,
        "Content-Length": str(len(manifest.content)),
        "Docker-Content-Digest": str(manifest.digest),
        "ETag": f'"{manifest.digest}"',
    }
    if _is_known(request, manifest.digest):
        return Response(status_code=304, headers={"ETag": headers["ETag"], **_API_HEADERS})
    return Response(b"" if request.method == "HEAD" else manifest.content, headers=headers)


def _is_known(request: Request, digest: Digest) -> bool:
    """Whether the client says that it has these bytes (RFC 9110 §13.1.2: ``*``, or tags of which one is it)."""
    said = request.headers.get("if-none-match", "")
    return said.strip() == "*" or f'"{digest}"' in (each.strip().removeprefix("W/") for each in said.split(","))


def _referrers(request: Request, repository: ServedRepository, subject: str) -> Response:
    try:
        Digest.parse(subject)
    except ValueError:
        return _error(400, "DIGEST_INVALID", "referrers are requested by digest, as in sha256:<hex>")
    manifests = repository.referrers(subject)
    wanted = request.query_params.get("artifactType")
    filtered = [each.descriptor for each in manifests if not wanted or wanted == each.artifact_type]
    index = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": filtered}
    headers = {**_API_HEADERS, **({"OCI-Filters-Applied": "artifactType"} if wanted else {})}
    return JSONResponse(index, headers=headers, media_type=media_types.OCI_INDEX)


def _page(request: Request, key: str, names: Iterable[str], others: Mapping[str, str]) -> Response:
    """A list in the order of the names, ``n`` of them behind ``last`` (distribution-spec, "Listing Tags")."""
    text = request.query_params.get("n", str(_LARGEST_PAGE))
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        return _error(400, "PAGINATION_NUMBER_INVALID", "n must be a number")
    count, last = min(int(text), _LARGEST_PAGE), request.query_params.get("last", "")
    rest = [name for name in sorted(names) if name > last]
    page = rest[:count]
    headers = dict(_API_HEADERS)
    if page and len(rest) > count:
        headers["Link"] = f'<{request.url.path}?n={count}&last={quote(page[-1], safe="")}>; rel="next"'
    return JSONResponse({**others, key: page}, headers=headers)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message}]}, status, headers=_API_HEADERS)
