"""The order of the tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from importer.recompression import Evidence, GzipHeader, Recognition, known_compressors, order_by_evidence
from importer.recompression.catalogue import GO_ZERO_TIME

KNOWN = known_compressors()
NAMES = {compressor.name: compressor for compressor in KNOWN}


def first(evidence: Evidence) -> str:
    ordered = order_by_evidence(KNOWN, evidence)
    assert {compressor.name for compressor in ordered} == set(NAMES)
    return ordered[0].name


def test_without_evidence_the_most_common_comes_first() -> None:
    assert order_by_evidence(KNOWN, Evidence()) == KNOWN
    assert KNOWN[0].name == "Go ≤1.26, level 6"


def test_compressor_of_a_sibling_comes_first() -> None:
    sibling = Recognition(GzipHeader(os=3), (NAMES["zlib, level 4"],))
    assert first(Evidence(siblings=[sibling], history=["buildkit.dockerfile.v0"])) == "zlib, level 4"


def test_one_compressor_that_fits_all_siblings_is_certain() -> None:
    both = Recognition(GzipHeader(), (NAMES["zlib, level 4"], NAMES["zlib, level 5"]))
    one = Recognition(GzipHeader(), (NAMES["zlib, level 4"],))
    other = Recognition(GzipHeader(), (NAMES["zlib, level 9"],))
    assert Evidence(siblings=[both, one]).is_certain
    assert not Evidence(siblings=[both]).is_certain
    assert not Evidence(siblings=[one, other]).is_certain
    assert not Evidence().is_certain
    assert order_by_evidence(KNOWN, Evidence(siblings=[both, one]))[0].name == "zlib, level 4"


def test_one_that_is_far_more_common_than_the_others_that_fit_is_certain_enough() -> None:
    dockers, rare = NAMES["Go ≤1.26, level 6"], NAMES["Go ≤1.26, level 7"]
    assert Evidence(siblings=[Recognition(GzipHeader(), (rare, dockers))]).is_certain
    podmans = [one for name, one in NAMES.items() if name.startswith("pgzip") and name.endswith("1024 KiB blocks")]
    assert len(podmans) == 2
    assert not Evidence(siblings=[Recognition(GzipHeader(), tuple(podmans))]).is_certain
    assert not Evidence(siblings=[Recognition(GzipHeader(), ())]).is_certain


def test_new_header_of_a_sibling_is_tried_too() -> None:
    header = GzipHeader(mtime=1_600_000_000, name=b"layer.tar")
    ordered = order_by_evidence(KNOWN, Evidence(siblings=[Recognition(header, (NAMES["zlib, level 6"],))]))
    assert ordered[0].headers == (header, *NAMES["zlib, level 6"].headers)
    assert all(compressor in KNOWN for compressor in ordered[1:])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (GzipHeader(mtime=GO_ZERO_TIME), "pgzip, klauspost 1.15.10-1.18.0, 1024 KiB blocks"),
        (GzipHeader(), "Go ≤1.26, level 6"),
        (GzipHeader(xfl=4), "Go ≤1.26, level 1"),
        (GzipHeader(xfl=2, os=3, name=b"rootfs.tar"), "pigz, level 9"),
        (GzipHeader(os=0), "zlib, level 6"),
    ],
)
def test_header_of_a_sibling_counts(header: GzipHeader, expected: str) -> None:
    assert first(Evidence(siblings=[Recognition(header, ())])) == expected


@pytest.mark.parametrize(
    ("history", "annotations", "expected"),
    [
        (["buildkit.dockerfile.v0"], {}, "Go ≤1.26, level 6"),
        (["kaniko"], {}, "Go ≤1.26, level 1"),
        (["jib-maven-plugin:3.4.0"], {}, "zlib, level 6"),
        (["io.buildah.version"], {}, "pgzip, klauspost 1.15.10-1.18.0, 1024 KiB blocks"),
        (["# debian.sh --arch 'amd64' out/ 'bookworm'", "debuerreotype 0.15"], {}, "pigz, level 9"),
        (["umoci insert"], {}, "pgzip, klauspost 1.15.10-1.18.0, 256 KiB blocks"),
        ([], {"org.opencontainers.image.authors": "built by apko"}, "pgzip, klauspost 1.15.10-1.18.0, 1024 KiB blocks"),
        (["bazel build ..."], {}, "Go ≤1.26, level 1"),
        (["ko build ko://example.com/cmd"], {}, "Go ≤1.26, level 1"),
    ],
)
def test_traces_count(history: Sequence[str], annotations: Mapping[str, str], expected: str) -> None:
    assert first(Evidence(history=history, annotations=annotations)) == expected
