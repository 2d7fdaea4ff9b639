"""BF206: a layer's content without the compression it should have."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from importer.plan.blobs import BlobPlan
from importer.plan.causes import Gunzipped, Search
from importer.plan.images import ImagePlan
from importer.plan.titles import whereabouts
from importer.rules.blobs import blobs_with, observation
from importer.rules.rule import Case, Certainty, Explanation, Observation, Rule, Safety, Severity
from importer.rules.wording import fetch_again, file_of
from importer.words.text import Text

_WHY_NOT: Final = {
    Search.NOT_MADE: "",
    Search.FOUND: "",
    Search.NONE_FITS: "; no compressor known to blobfix makes the original bytes of it",
    Search.WITHOUT_ZLIB: (
        "; no compressor that works here makes the original bytes of it (this Python has another zlib than most, "
        "so zlib and pigz can't be tried: another computer may do)"
    ),
    Search.OUT_OF_TIME: (
        "; the search for its compressor was cut short, and --recompress-limit with more seconds lets it go on"
    ),
    Search.TOO_SLOW_HERE: (
        "; blobfix was installed without a C compiler, and its slow form would take too long to make the original "
        "bytes of a layer of this size: install it where there is one, or allow more seconds with --recompress-limit"
    ),
}


def find(case: Case) -> Iterator[Observation]:
    """Every layer that is here only as its content, or was until its bytes were computed again."""
    for image, blob, cause in blobs_with(case, Gunzipped):
        if cause.compressor:
            yield _recompressed(image, blob, cause)
        else:
            yield _proven(image, blob, cause) if cause.proven else _guessed(image, blob, cause)


def _recompressed(image: ImagePlan, blob: BlobPlan, cause: Gunzipped) -> Observation:
    return observation(
        image,
        blob,
        Text(
            "{} is {}, {}; recompressed exactly ({}), which gives the digest that the manifest wants",
            file_of(blob),
            whereabouts(image, blob),
            _form(cause),
            cause.compressor,
        ),
        Text("nothing is left to do: every output gets the original bytes, computed again"),
    )


def _proven(image: ImagePlan, blob: BlobPlan, cause: Gunzipped) -> Observation:
    return observation(
        image,
        blob,
        Text(
            "{} is {}, {}: its content is {}, the config's diff_id for this layer{}",
            file_of(blob),
            whereabouts(image, blob),
            _form(cause),
            blob.diff_id,
            _WHY_NOT[cause.search],
        ),
        Text(
            "a docker tar is exact with it, image id included; a registry tree or OCI layout gets a new manifest "
            "digest and needs --allow-new-digest; for the original, move this file away and {}",
            fetch_again(blob),
        ),
    )


def _form(cause: Gunzipped) -> str:
    return "packed in another way than the manifest wants" if cause.repacked else "without its compression"


def _guessed(image: ImagePlan, blob: BlobPlan, cause: Gunzipped) -> Observation:
    doubt = Text("its digest isn't {}, the config's diff_id", blob.diff_id) if blob.diff_id else "no config proves it"
    guess = observation(
        image,
        blob,
        Text(
            "{} looks like {} without its gzip compression, but {}{}",
            file_of(blob),
            whereabouts(image, blob),
            doubt,
            _WHY_NOT[cause.search],
        ),
        Text("move this file away and {} with curl -fL -O, which doesn't unpack it", fetch_again(blob)),
        safety=Safety.NONE,
    )
    # The file's name ties it to the layer; nothing says that its bytes ever were the layer's.
    return replace(guess, certainty=Certainty.INFERRED)


RULE: Final = Rule(
    code="BF206",
    name="gunzipped",
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    summary="the layer's raw tar, without the compression that its digest was made of",
    explanation=Explanation(
        meaning=(
            "The layer's content is here, but not in the compressed form that the manifest lists, so its digest is "
            "another. The image's config also knows the digest of the unpacked content, the diff_id, "
            "and that proves the content to be right."
        ),
        origin=(
            "Browsers such as Chrome, Brave and Safari unpack a download by themselves when the server marks it with "
            "Content-Encoding: gzip, and some download tools do the same. Well-meaning people do it by hand."
        ),
        remedy=(
            "It looks for the compressor that the layer was made with, among all that common builders use, and "
            "compresses the content again: when the result has the digest that the manifest wants, these are the "
            "original bytes, and every output is exact. An intact layer of the same image shows which compressor is "
            "likely. When none fits, a docker tar is still exact, as docker gives the image the same id; a registry "
            "tree, an OCI layout or a push then needs --allow-new-digest: the image is the same, its manifest digest "
            "is new."
        ),
        advice=(
            "Just go on. --recompress-limit sets after how many seconds without a match the search gives up, and "
            "--no-recompress leaves it out. Where no compressor fits and the digest must stay (images pinned by "
            "digest, signatures), move the file away and download the layer again with curl -fL -O, or another "
            "program that doesn't unpack it."
        ),
    ),
    on_download=find,
    causes=(Gunzipped,),
    symptoms=("error verifying sha256 checksum",),
)
