"""The tag under which the referrers of a manifest are listed where nothing else lists them.

Source: distribution-spec v1.1, "Referrers Tag Schema". regctl keeps the same tag in an OCI layout, as the
``org.opencontainers.image.ref.name`` of an entry of ``index.json`` (regclient, scheme/ocidir/referrer.go).
"""

from __future__ import annotations

import re
from typing import Final

from importer.domain.digest import Digest

_TAG: Final = re.compile(r"(?:sha256|sha512)-[0-9a-f]{64}")
_LONGEST_HEX: Final = 64
"""A tag has no room for more; a longer digest is cut off."""


def referrers_tag(subject: Digest) -> str:
    """Under which tag the list of what refers to a manifest stands."""
    return f"{subject.algorithm}-{subject.hex[:_LONGEST_HEX]}"


def is_referrers_tag(tag: str) -> bool:
    """Whether a tag is one under which referrers are listed."""
    return _TAG.fullmatch(tag) is not None
