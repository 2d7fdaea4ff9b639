"""The page about the JSON reports in the documentation, made of the descriptions in their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_SCHEMAS: Final = Path(__file__).parents[1] / "schemas"
_BEGINNING: Final = """\
<!-- Made by `make generated`; change the schemas themselves (schemas/*-report.schema.json). -->

# The JSON reports

`blobfix scan --format json` and `blobfix repair-tree --format json` write one document to standard output. As long as
`schema_version` stays the same, no member is removed or changes its meaning. Members may be added; ignore those that
you don't know. [rules.md](rules.md) explains the codes.
"""
_ANSWERS: Final = """
## Other commands

`--format json` of these commands also writes one document to standard output.

- `blobfix tags`: an object with `name`, the repository in the registry, and `tags`, a list in the registry's order.
- `blobfix compressors`: an object with `compressors`, a list of those that write exactly this file, the likeliest
  first, each with `name` and `used_by`, the programs that are known to use it; `known_header`, whether the likeliest is
  known to write the file's gzip header; and `single`, whether the file is one gzip member and nothing else.
- `blobfix rules`: a list of rules, each with `code`, `name`, `severity`, `fix` and `summary`.
- `blobfix explain`: a list of what fits. A rule has the members above and `meaning`, `origin`, `remedy`, `advice` and
  `symptoms`; a topic has `name`, `summary`, `meaning`, `checks`, `commands` and `symptoms`. Of a longer log, each may
  also have `lines`, the numbers of lines with it, and `line_count`.
"""
_REPORTS: Final = {"scan-report": "blobfix scan", "tree-report": "blobfix repair-tree"}


def render_page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _BEGINNING.rstrip("\n")
    for name, command in _REPORTS.items():
        schema = json.loads((_SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        yield f"\n## `{command}`\n"
        yield f"Schema: [{name}.schema.json](../schemas/{name}.schema.json).\n"
        yield from _table(schema, name)
        for key, value in schema["$defs"].items():
            if "properties" in value:
                yield f'\n<a id="{name}-{key.lower()}"></a>\n\n### {_words(key)}: {value["description"]}\n'
                yield from _table(value, name)
    yield _ANSWERS.rstrip("\n")


def _table(schema: dict[str, Any], report: str) -> Iterator[str]:
    yield "| member | meaning |"
    yield "|---|---|"
    yield from _rows(schema, report, "")


def _rows(schema: dict[str, Any], report: str, within: str) -> Iterator[str]:
    for name, value in schema["properties"].items():
        presence = "" if name in schema["required"] else " (optional)"
        yield f"| `{within}{name}` | {_description(value, report)}{presence} |"
        if "properties" in value:
            yield from _rows(value, report, f"{within}{name}.")


def _description(value: dict[str, Any], report: str) -> str:
    kind = (value.get("items") or value).get("$ref", "").removeprefix("#/$defs/")
    link = f"[{_words(kind)}](#{report}-{kind.lower()})"
    if kind.startswith("digest"):
        return "a digest, or null" if kind.endswith("OrNull") else "a digest"
    if "description" not in value:
        return link
    return f"{value['description']} of {link}" if kind else str(value["description"])


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
