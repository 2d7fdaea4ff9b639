"""Addresses of web pages that show an image, as people copy them: from each the address or reference of the image.

Sources: the pages of Artifactory 6 and 7 (``webapp/#/artifacts/browse``, ``/ui/repos/tree``, ``/ui/native``), Nexus 3
(``#browse/browse:``), Harbor 2, GitLab 17, GitHub, Docker Hub and Quay, by their addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, unquote

from importer.domain.address import split_url
from importer.domain.file_names import MANIFEST_NAMES
from importer.domain.reference import DEFAULT_HOST

_NAME: Final = r"[^/]+"
_ARTIFACTORY: Final = "Artifactory's page of packages doesn't tell the repository; open the image under Artifacts"
_HARBOR: Final = "Harbor's page doesn't tell the project's name; give {host}/PROJECT/{name}"
_GITLAB: Final = "GitLab's page doesn't tell the image; its button “Copy image path” gives what to put here"


@dataclass(frozen=True, slots=True)
class _Page:
    """A kind of page.

    Attributes:
        pattern: what its path is; with ``#`` and what follows where the page is told there.
        image: from the address and the match, the image's address or reference, without a scheme where it is the same.
        host: which server has such pages; empty for any.
    """

    pattern: re.Pattern[str]
    image: Callable[[SplitResult, re.Match[str]], str]
    host: str = ""


def image_of_page(url: str) -> str | None:
    """The address or reference of the image that a web page shows; None for what isn't such a page.

    Raises ValueError, with what to give instead, for a page whose address doesn't tell the image.
    """
    try:
        parts = split_url(url)
    except ValueError:
        return None
    path = unquote(f"{parts.path}#{parts.fragment}" if parts.fragment else parts.path)
    for page in _PAGES:
        if page.host in ("", parts.hostname) and (match := page.pattern.fullmatch(path)):
            return page.image(parts, match)
    return None


def _stored(parts: SplitResult, match: re.Match[str]) -> str:
    folder, _, file = match["rest"].strip("/").rpartition("/")
    # The page may show one of the tag's files.
    if file not in MANIFEST_NAMES and not file.startswith("sha256__"):
        folder = f"{folder}/{file}"
    return f"{parts.scheme}://{parts.netloc}{match['before']}/artifactory/{quote(folder)}/"


def _of_nexus(parts: SplitResult, match: re.Match[str]) -> str:
    name = re.sub(r"/tags/([^/]+)/?$", r"/manifests/\1", match["name"])
    return f"{parts.scheme}://{parts.netloc}{match['before']}/repository/{match['key']}/v2/{quote(name)}"


def _of_hub(_: SplitResult, match: re.Match[str]) -> str:
    owner, tag = match["owner"], match["tag"]
    name = f"{DEFAULT_HOST}/{'library' if owner == '_' else owner}/{match['name']}"
    return f"{name}:{tag}" if tag else name


def _of_github(parts: SplitResult, match: re.Match[str]) -> str:
    return _with_tag(f"ghcr.io/{match['owner']}/{match['name']}".lower(), parts)


def _of_quay(parts: SplitResult, match: re.Match[str]) -> str:
    return _with_tag(f"{parts.netloc}/{match['name']}", parts)


def _with_tag(name: str, parts: SplitResult) -> str:
    tags: Sequence[str] = parse_qs(parts.query).get("tag", ())
    return f"{name}:{tags[0]}" if tags else name


def _refused(reason: str) -> Callable[[SplitResult, re.Match[str]], str]:
    def refuse(parts: SplitResult, match: re.Match[str]) -> str:
        raise ValueError(reason.format(host=parts.netloc, **match.groupdict()))

    return refuse


_PAGES: Final = (
    _Page(re.compile(rf"(?P<before>.*)/ui/repos/tree/{_NAME}/(?P<rest>[^#]+)(?:#.*)?"), _stored),
    _Page(re.compile(r"(?P<before>.*)/ui/native/(?P<rest>[^#]+)(?:#.*)?"), _stored),
    _Page(re.compile(r"(?P<before>.*)/ui/packages/.*"), _refused(_ARTIFACTORY)),
    _Page(
        re.compile(rf"(?P<before>.*)/artifactory/webapp/(?:{_NAME})?#/artifacts/browse/tree/{_NAME}/(?P<rest>.+)"),
        _stored,
    ),
    _Page(re.compile(r"(?P<before>.*?)/?#browse/browse:(?P<key>[^:/]+):v2/(?P<name>.+)"), _of_nexus),
    _Page(
        re.compile(r".*/harbor/projects/[0-9]+/repositories/(?P<name>[^#]+?)(?:/artifacts-tab(?:/.*)?)?(?:#.*)?"),
        _refused(_HARBOR),
    ),
    _Page(re.compile(r"/.*/container_registry(?:/.*)?"), _refused(_GITLAB)),
    _Page(
        re.compile(
            rf"/(?:r/|repository/docker/|(?=_/))(?P<owner>{_NAME})/(?P<name>[^/#]+)(?:/tags(?:/(?P<tag>[^/#]+))?)?(?:[/#].*)?"
        ),
        _of_hub,
        "hub.docker.com",
    ),
    _Page(
        re.compile(rf"/layers/(?P<owner>{_NAME})/(?P<name>{_NAME})/(?P<tag>[^/#]+)(?:[/#].*)?"),
        _of_hub,
        "hub.docker.com",
    ),
    _Page(re.compile(rf"/(?P<owner>{_NAME})/{_NAME}/pkgs/container/(?P<name>[^/#]+).*"), _of_github, "github.com"),
    _Page(
        re.compile(rf"/(?:orgs|users)/(?P<owner>{_NAME})/packages/container/(?:package/)?(?P<name>[^/#]+).*"),
        _of_github,
        "github.com",
    ),
    _Page(re.compile(rf"/repository/(?P<name>{_NAME}/[^#]+?)/?(?:#.*)?"), _of_quay, "quay.io"),
)
