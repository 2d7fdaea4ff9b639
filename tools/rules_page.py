"""The page about all rules in the documentation, made of the rules' own texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.report.rule_text import FIXES, escaped, markdown_of
from importer.rules.catalogue import all_rules
from importer.rules.rule import Rule, Safety

_BEGINNING: Final = """\
<!-- Made by `make generated`; change the rules themselves (importer/rules/bf*.py). -->

# What blobfix finds

Each thing that can be wrong with a downloaded image has a rule, with a code (`BF206`) and a name (`gunzipped`).
Both stay the same for ever, so scripts and tickets can refer to them. This page holds the same texts that
`blobfix explain BF206` prints.

**You have an error message and no code?** Ask for it: `blobfix explain "unexpected EOF"`. Or look for the message
on this page; the messages of other programs stand below the rule that explains them.

## How to read a finding

```
  warning BF206 gunzipped  sha256__327a40ec…
    this file is layer 1 of 3 · linux/amd64 · team/app:1.4, without its compression; recompressed exactly
    (Go ≤1.26, level 6), which gives the manifest's digest
    next: nothing more to do: every output gets the original bytes, computed again
```

- **The severity.** An *error* means that something is lost or can't be relied on. A *warning* means damage that
  blobfix can mend, or something to know before going on. *Info* is a remark: nothing has to be done about it
  (`blobfix scan` shows remarks with `-v`). Some rules have other severities in some cases: what
  `blobfix repair-tree` can repair (BF501 to BF508), for one, is a warning.
- **The code and the name** of the rule, and **the file** it is about, if there is one.
- **What is so, and how blobfix knows.** `layer 1 of 3 · linux/amd64 · team/app:1.4` says how the blob is reached:
  which layer, of which platform, of which image.
- **What comes next**: what blobfix does about it by itself, or what you can do.

Two more things are said of each finding in the reports for programs (`--format json` and `sarif`):

- **The certainty.** *proven*: a digest that was known beforehand says so. *inferred*: all signs point to it.
- **The fix.** """

_FIX_INTRODUCTION: Final = "What can usually be done is part of the rule; in a single case it can be less:"

_WORDS: Final = """\
## A few words first

- A **digest** is the fingerprint of bytes: `sha256:` and 64 hex digits. Change one bit, and it is another.
- A **blob** is a file that is known by its digest: a manifest, a config or a layer.
- The **manifest** is the image's list of contents: the digests and sizes of one config and of the layers.
- The **config** holds the image's settings, and the digest of each layer's *unpacked* content, the **diff_id**.
  Its own digest is the **image id**.
- An **index** (or manifest list) is a list of manifests, one for each platform.

That is why blobfix can be sure of so much: nearly everything in an image is named by its digest somewhere else
in it. What has the right digest *is* the right thing, whatever its file is called and wherever it came from.
"""
_GROUPS: Final = {
    "BF1": "Files: names, leftovers, and what isn't part of an image",
    "BF2": "Damaged blobs",
    "BF3": "Manifests, indexes and configs",
    "BF4": "Images as a whole",
    "BF5": "Registry trees",
}


def render_page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _BEGINNING + _FIX_INTRODUCTION
    yield from (f"  - *{fix}*: {FIXES[fix]}." for fix in Safety)
    yield f"\n{_WORDS}"
    yield "## All rules\n"
    yield "| code | name | severity | fix | when |"
    yield "|---|---|---|---|---|"
    yield from map(_row, all_rules())
    for prefix, heading in _GROUPS.items():
        rules = [rule for rule in all_rules() if rule.code.startswith(prefix)]
        if rules:
            yield f"\n## {heading}"
        yield from map(_section, rules)


def _row(rule: Rule) -> str:
    link = f"[{rule.code}](#{rule.code.lower()})"
    return f"| {link} | {rule.name} | {rule.severity} | {rule.fix} | {escaped(rule.summary)} |"


def _section(rule: Rule) -> str:
    return f'\n<a id="{rule.code.lower()}"></a>\n\n{markdown_of(rule, level=3)}'
