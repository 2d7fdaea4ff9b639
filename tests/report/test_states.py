"""Short sizes, as the reports' columns show them."""

import pytest

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.plan.blobs import BlobPlan, MissingBlob, Role, WantedBlob
from importer.plan.causes import Cause, ContentMissing, Missing
from importer.report.states import short_size

NOWHERE = Missing()


def blob(size: int, cause: Cause = NOWHERE) -> BlobPlan:
    return MissingBlob(WantedBlob(Descriptor("x/y", Digest.of(b""), size), Role.LAYER), cause)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (14_837, "15 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_803_255, "2.8 MB"),
        (1_500_000_000_000, "1.5 TB"),
    ],
)
def test_sizes_are_rounded_to_two_or_three_digits(size: int, shown: str) -> None:
    assert short_size(blob(size)) == shown


def test_size_that_nothing_tells_is_not_zero() -> None:
    assert short_size(blob(0, ContentMissing())) == "?"
    assert short_size(blob(0)) == "?"
