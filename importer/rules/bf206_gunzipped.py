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
    Search.NONE_FITS: "; no compressor known to blobfix reproduces the original bytes",
    Search.WITHOUT_ZLIB: (
        "; no compressor available here reproduces the original bytes (this Python has an unusual zlib, so zlib and "
        "pigz can't be tried: try another computer)"
    ),
    Search.OUT_OF_TIME: ("; the search for its compressor ran out of time; raise --recompress-limit to continue it"),
    Search.TOO_SLOW_HERE: (
        "; blobfix was installed without a C compiler, and its Python encoders are too slow for a layer of this "
        "size: install it with a C compiler, or raise --recompress-limit"
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
            "{} is {}, {}; recompressed exactly ({}), which gives the manifest's digest",
            file_of(blob),
            whereabouts(image, blob),
            _form(cause),
            cause.compressor,
        ),
        Text("nothing more to do: every output gets the original bytes, computed again"),
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
    return "compressed differently than the manifest says" if cause.repacked else "without its compression"


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
    summary="the layer's raw tar instead of the compressed blob that the digest names",
    explanation=Explanation(
        meaning=(
            "The layer's content is here, but not in the compressed form that the manifest lists, so its digest is "
            "another. The image's config also knows the digest of the unpacked content, the diff_id, which proves "
            "that the content is right."
        ),
        origin=(
            "Browsers such as Chrome, Brave and Safari unpack a download automatically when the server marks it with "
            "Content-Encoding: gzip, and some download tools do the same. Sometimes people unpack it by hand."
        ),
        remedy=(
            "It recompresses the content with the compressors that common builders use: if a result has the "
            "manifest's digest, it is the original blob, and every output is exact. An intact layer of the same "
            "image shows which compressor is likely. If none matches, a docker tar is still exact, because the image "
            "id stays the same; a registry tree, an OCI layout or a push then needs --allow-new-digest: the image is "
            "the same, its manifest digest is new."
        ),
        advice=(
            "Nothing needs to be done. --recompress-limit sets after how many seconds without a match the search "
            "gives up, and --no-recompress skips it. If no compressor matches and the digest must stay the same "
            "(images pinned by digest, signatures), move the file away and download the layer again with curl -fL "
            "-O, or another program that doesn't unpack it."
        ),
    ),
    on_download=find,
    causes=(Gunzipped,),
    symptoms=("error verifying sha256 checksum",),
)
