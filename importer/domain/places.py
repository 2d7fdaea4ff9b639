"""What users write to say where an image is: a reference, or an address copied from somewhere.

Sources: distribution reference grammar; distribution-spec, "Endpoints"; Artifactory's storage
paths (``<repository key>/<image>/<tag>/manifest.json``) and its Docker API
(``api/docker/<repository key>/v2/``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote

from importer.domain.address import BaseUrl, split_url
from importer.domain.digest import Digest
from importer.domain.file_names import MANIFEST_NAMES
from importer.domain.reference import DEFAULT_HOST, DEFAULT_TAG, Reference
from importer.domain.web_pages import image_of_page

_HUB_API: Final = "registry-1.docker.io"
_HUB_NAMES: Final = frozenset({DEFAULT_HOST, f"index.{DEFAULT_HOST}", _HUB_API})
_API: Final = re.compile(r"(?P<before>.*?)/v2/(?P<name>.+?)(?:/(?:manifests|blobs)/(?P<target>[^/]+)|/tags/list)?/?")
_PREFIX_API: Final = re.compile(r"(?P<before>.*?)/v2(?:/(?P<name>.*))?")
_PREFIX_KEY: Final = re.compile(r"(?P<before>.*/api/docker/[^/]+)(?P<name>(?:/.*)?)")
_DOCKER_API: Final = re.compile(r"(?P<before>.*/api/docker/[^/]+)/(?P<name>.+)")
_STORAGE: Final = re.compile(r"(?P<before>.*?/artifactory)/(?P<rest>.+)")
_API_ROOT: Final = re.compile(r"(?P<before>.*?)/v2/?|(?P<docker_api>.*/api/docker/[^/]+)/?")
_CACHE_SUFFIX: Final = "-cache"
_HUB_FOLDER: Final = "library/"


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """An image in a registry, or a repository when neither a tag nor a digest is given.

    Attributes:
        base: what stands before ``/v2/``.
        repository: as the registry knows it.
        tag, digest: which image; the digest decides when there are both.
        shown_host: what people call the registry; credentials are kept under this name.
    """

    base: BaseUrl
    repository: str
    tag: str | None = None
    digest: Digest | None = None
    shown_host: str = ""

    @property
    def manifest_reference(self) -> str:
        """What to ask ``/manifests/`` for."""
        return str(self.digest or self.tag or DEFAULT_TAG)

    @property
    def api(self) -> str:
        """The address of the repository's API: what stands before ``/manifests`` and ``/blobs``."""
        return quoted_address(f"{self.base}/v2/{self.repository}")

    @property
    def is_docker_hub(self) -> bool:
        """Whether it is Docker Hub, which gives nothing to anybody without a token."""
        return self.shown_host == DEFAULT_HOST

    def with_tag(self, tag: str) -> RegistryPlace:
        """Another tag of the same repository."""
        return replace(self, tag=tag, digest=None)

    def __str__(self) -> str:
        name = f"{self.shown_host or f'{self.base}/v2'}/{self.repository}"
        return f"{name}@{self.digest}" if self.digest else f"{name}:{self.tag or DEFAULT_TAG}"


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """A tag's folder in Artifactory, as its web page shows it.

    Attributes:
        base: ends before the repository's key, as in ``https://host/artifactory``.
        repository_key: the Artifactory repository; that of a remote one's cache ends with ``-cache``.
        image: the folders between key and tag.
        tag: the last folder.
    """

    base: BaseUrl
    repository_key: str
    image: str
    tag: str

    @property
    def folder(self) -> str:
        """The address of the tag's folder, without a slash at its end."""
        return quoted_address(f"{self.base}/{self.repository_key}/{self.image}/{self.tag}")

    @property
    def image_folder(self) -> str:
        """The address of the folder in which the tags, and the children of indexes, lie."""
        return quoted_address(f"{self.base}/{self.repository_key}/{self.image}")

    @property
    def apis(self) -> tuple[str, ...]:
        """Where the image's registry API may be: it knows a remote repository by its own key.

        Docker Hub's images are known there with and without ``library/``.
        """
        key = self.repository_key.removesuffix(_CACHE_SUFFIX)
        images = dict.fromkeys((self.image, self.image.removeprefix(_HUB_FOLDER)))
        return tuple(quoted_address(f"{self.base}/api/docker/{key}/v2/{image}") for image in images)

    @property
    def digest(self) -> Digest | None:
        """The manifest's digest, when the folder is named after it: a child of an index."""
        return Digest.from_name(self.tag)

    def __str__(self) -> str:
        return f"{self.folder}/"


@dataclass(frozen=True, slots=True)
class RegistryPrefix:
    """A registry, or the part of one below a prefix: images keep their own repositories there.

    Attributes:
        base: what stands before ``/v2/``.
        prefix: the folders before each repository; empty for the registry itself.
        shown_host: what people call the registry; credentials are kept under this name.
    """

    base: BaseUrl
    prefix: str = ""
    shown_host: str = ""

    def place_of(self, repository: str) -> RegistryPlace:
        """Where a repository goes; raises ValueError when the whole name is none that a registry takes."""
        name = f"{self.prefix}/{repository}" if self.prefix else repository
        Reference.of_repository(name, DEFAULT_TAG)
        return RegistryPlace(self.base, name, shown_host=self.shown_host)


Place = RegistryPlace | StoragePlace


def parse_place(text: str, *, plain_http: bool = False, repository: str | None = None) -> Place:
    """Read ``host/team/app:1.4``, ``…@sha256:…``, or the address of a registry, an Artifactory folder or a web page.

    Raises ValueError, with the reason in plain words.

    Args:
        text: what the user wrote.
        plain_http: whether http is allowed for another machine than this one.
        repository: the image's name, for a registry's address that ends before it.
    """
    if "://" not in text:
        return parse_reference(text, plain_http=plain_http)
    url = text.strip().replace(" ", "%20")
    image = image_of_page(url) or url
    return _parse_url(image, plain_http, repository) if "://" in image else parse_reference(image)


def parse_reference(text: str, *, plain_http: bool = False) -> RegistryPlace:
    """Read a reference as docker does: without a host it is Docker Hub's; raises ValueError."""
    name, tag, digest = _split_name(text)
    reference = Reference.parse(f"{name}:{DEFAULT_TAG if tag is None else tag}")
    host = reference.host or DEFAULT_HOST
    repository = reference.repository
    if host in _HUB_NAMES:
        hub = f"library/{repository}" if "/" not in repository else repository
        return RegistryPlace(BaseUrl.of_host(_HUB_API), hub, tag, digest, DEFAULT_HOST)
    return RegistryPlace(BaseUrl.of_host(host, plain_http=plain_http), repository, tag, digest, host)


def parse_prefix(text: str, *, plain_http: bool = False) -> RegistryPrefix:
    """Read ``HOST[/PREFIX]``, or an address of a registry's API with or without names behind ``/v2``.

    Raises ValueError, with the reason in plain words.
    """
    if "://" in text:
        base, path = _base_of(text, plain_http)
        api = _PREFIX_API.fullmatch(path) or _PREFIX_KEY.fullmatch(path)
        prefix = RegistryPrefix(
            replace(base, path=api["before"] if api else ""), (api["name"] or "" if api else path).strip("/")
        )
    else:
        host, _, names = text.partition("/")
        is_host = host == "localhost" or any(c in host for c in ".:")
        hub = not is_host or host in _HUB_NAMES
        base = BaseUrl.of_host(_HUB_API if hub else host, plain_http=plain_http and not hub)
        prefix = RegistryPrefix(base, (names if is_host else text).strip("/"), DEFAULT_HOST if hub else host)
        Reference.parse(f"{prefix.shown_host}/x")
    if not text.strip("/"):
        raise ValueError(f"{text!r} names no registry; give HOST or HOST/PREFIX")
    if "@" in prefix.prefix or ":" in prefix.prefix:
        raise ValueError(f"{text!r} names one image; every image takes its own tag here, so give HOST or HOST/PREFIX")
    prefix.place_of("x")
    return prefix


def _base_of(text: str, plain_http: bool) -> tuple[BaseUrl, str]:
    """The server of an address, and the path on it."""
    try:
        parts = split_url(text)
    except ValueError as error:
        # The address isn't repeated: it may hold a password.
        raise ValueError(f"the address can't be used: {error}") from error
    base = BaseUrl(parts.scheme, parts.netloc)
    if parts.scheme == "http" and not (plain_http or base.origin.is_loopback):
        raise ValueError(
            f"{text!r} is plain http, which anyone on the network path can read and change; allow it with --plain-http"
        )
    return base, unquote(parts.path)


def _parse_url(text: str, plain_http: bool, repository: str | None) -> Place:
    base, path = _base_of(text, plain_http)
    if root := _API_ROOT.fullmatch(path):
        if repository is None:
            raise ValueError(f"{text!r} names no image; add the image's name, as in …/v2/team/app:1.4")
        return _registry_place(replace(base, path=root["docker_api"] or root["before"] or ""), repository, None)
    if api := _API.fullmatch(path):
        return _registry_place(replace(base, path=api["before"]), api["name"], api["target"])
    if api := _DOCKER_API.fullmatch(path):
        return _registry_place(replace(base, path=api["before"]), api["name"], None)
    storage = _STORAGE.fullmatch(path)
    if storage:
        return _storage_place(replace(base, path=storage["before"]), storage["rest"], text)
    if path.endswith(("/", *MANIFEST_NAMES)) and path.strip("/"):
        return _storage_place(base, path.lstrip("/"), text)
    return _registry_place(base, path.strip("/"), None)


def _registry_place(base: BaseUrl, name: str, target: str | None) -> RegistryPlace:
    name, tag, digest = _split_name(name)
    if target and ":" in target:
        digest = Digest.parse(target)
    elif target:
        tag = target
    Reference.of_repository(name, DEFAULT_TAG if tag is None else tag)
    return RegistryPlace(base, name, tag, digest)


def _storage_place(base: BaseUrl, rest: str, text: str) -> StoragePlace:
    names = [name for name in rest.split("/") if name]
    if names[-1] in MANIFEST_NAMES:
        names.pop()
    if len(names) < 3:
        raise ValueError(
            f"{text!r} is not a tag's folder; it looks like https://host/artifactory/<repository>/<image>/<tag>/"
        )
    image, tag = "/".join(names[1:-1]), names[-1]
    Reference.of_repository(image, DEFAULT_TAG if Digest.from_name(tag) else tag)
    return StoragePlace(base, names[0], image, tag)


def quoted_address(url: str) -> str:
    """The address with everything quoted that may not stand in a path."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority}{slash}{quote(path, safe='/:@!$&()*+,;=~-._')}"


def _split_name(text: str) -> tuple[str, str | None, Digest | None]:
    name, at, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    return f"{head}{slash}{last}", tag if colon else None, Digest.parse(digest) if at else None
