"""Whether a manifest's text is as a program writes it that makes images.

Nothing proves a lone manifest's bytes; but whoever opens and saves it in an editor, or sends it through a formatter,
leaves a text that none of these programs writes, and so another digest. What they write, from their sources:

- docker, distribution, Quay and GCR: three spaces, no newline at the end (distribution, manifest/schema2/manifest.go)
- BuildKit, buildx, Homebrew: two spaces, no newline at the end, a descriptor's digest before its size, as OCI's
  struct has it (BuildKit, exporter/containerimage/writer.go; image-spec, specs-go/v1/descriptor.go)
- ``nerdctl commit``: four spaces, and mediaType before schemaVersion (nerdctl, pkg/imgutil/commit/commit.go)
- go-containerregistry (crane, kaniko, ko, jib's like), containers/image (skopeo, buildah, podman), oras, helm, .NET:
  one line without spaces; umoci and ollama end it with a newline, since Go's json.Encoder does
- oras-py: one line with a space after each comma and colon, as Python's json.dumps writes it
- the indexes of Docker's official images: one line with sorted keys, as Perl's Mojo::JSON writes it
  (docker-library/perl-bashbrew)

Keys stand in the order of a struct's fields: schemaVersion and mediaType first, subject and annotations last, in a
descriptor the mediaType first. How a string's characters are escaped tells nothing: Go, .NET and Perl differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from importer.formats.json_text import TextForm, UnreadableJsonError, decode_json, parse_json

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_FIELDS: Final = {
    "schemaVersion": 0,
    "mediaType": 0,
    "config": 1,
    "layers": 2,
    "manifests": 2,
    "blobs": 2,
    "subject": 3,
    "annotations": 3,
}
_REST: Final = ("urls", "data", "annotations", "platform")
_DESCRIPTOR_FIELDS: Final = {"mediaType": 0, "digest": 1, "size": 1} | dict.fromkeys(_REST, 2)

_NO_PROGRAM: Final = "as no image builder writes it"


def alteration_in(content: bytes) -> str | None:
    """What shows that another program has changed a manifest's text; None when nothing does."""
    try:
        decoded = decode_json(content)
        value = parse_json(decoded.text)
    except UnreadableJsonError:
        return "it can't be read as JSON"
    if decoded.form is not TextForm.UTF8:
        return f"it is saved as {decoded.form}"
    if not isinstance(value, dict):
        return "it is not a manifest"
    return _strange_layout(decoded.text, value) or _strange_order(value)


def _strange_layout(text: str, value: Mapping[str, Any]) -> str | None:
    body = text.removesuffix("\n")
    newline = " with a newline at the end" if body != text else ""
    skeleton = _STRING.sub('""', body)
    indent = _indent_of(skeleton)
    if indent is None:
        is_compact = skeleton == _skeleton(value, None, (",", ":"))
        is_pythons = not newline and skeleton == _skeleton(value, None, (", ", ": "))
        return None if is_compact or is_pythons else f"one line with other spaces{newline}, {_NO_PROGRAM}"
    if skeleton != _skeleton(value, indent, (",", ": ")):
        return f"indented unevenly, {_NO_PROGRAM}"
    if not newline and (indent == "   " or (indent in _INDENTS and _INDENTS[indent](value))):
        return None
    return f"indented by {_named(indent)}{newline}, {_NO_PROGRAM}"


def _indent_of(skeleton: str) -> str | None:
    """What the second line begins with; None when there is but one line."""
    lines = skeleton.split("\n", 2)
    return lines[1][: len(lines[1]) - len(lines[1].lstrip(" \t"))] if len(lines) > 1 else None


def _skeleton(value: Mapping[str, Any], indent: str | None, separators: tuple[str, str]) -> str:
    """The text without what is in its strings, as Go and Python lay it out."""
    return _STRING.sub('""', json.dumps(value, indent=indent, separators=separators, ensure_ascii=False))


def _named(indent: str) -> str:
    kind = "tab" if set(indent) == {"\t"} else "space"
    return f"{len(indent)} {kind}{'' if len(indent) == 1 else 's'}"


def _has_oci_descriptors(value: Mapping[str, Any]) -> bool:
    return all(_is_before("digest", "size", descriptor) for descriptor in _descriptors(value))


def _is_nerdctls(value: Mapping[str, Any]) -> bool:
    return _is_before("mediaType", "schemaVersion", value) and _has_oci_descriptors(value)


_INDENTS: Final = {"  ": _has_oci_descriptors, "    ": _is_nerdctls}


def _is_before(first: str, second: str, value: Mapping[str, Any]) -> bool:
    keys = list(value)
    return first in keys and second in keys and keys.index(first) < keys.index(second)


def _strange_order(value: Mapping[str, Any]) -> str | None:
    if "manifests" in value and _is_sorted(value):
        return None
    is_usual = _follows(value, _FIELDS) and all(_follows(each, _DESCRIPTOR_FIELDS) for each in _descriptors(value))
    return None if is_usual else f"its keys are in an order, {_NO_PROGRAM}"


def _is_sorted(value: Mapping[str, Any]) -> bool:
    return all(list(each) == sorted(each) for each in (value, *_descriptors(value)))


def _follows(value: Mapping[str, Any], fields: Mapping[str, int]) -> bool:
    """Whether the keys that are known here are in the order of the fields."""
    ranks = [fields[key] for key in value if key in fields]
    return ranks == sorted(ranks)


def _descriptors(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The config, the layers, and the children."""
    for entry in (value.get("config"), *_listed(value.get("layers")), *_listed(value.get("manifests"))):
        if isinstance(entry, Mapping):
            yield entry


def _listed(entries: Any) -> Iterable[Any]:
    return entries if isinstance(entries, list) else ()
