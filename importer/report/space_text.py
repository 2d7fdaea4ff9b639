"""What the bytes of a registry's storage are for, as a table for people and as values for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from importer.storage_tree.space import RepositorySpace, Space, Uploads
from importer.words.text import Size

_SHOWN: Final = 20
"""Repositories in the table for people; the JSON report has all."""

_COLLECT: Final = (
    "docker-registry garbage-collect removes unreferenced blobs; with --delete-untagged also manifests without a tag. "
    "Let nobody push while it runs. blobfix deletes nothing."
)


def totals_of(space: Space) -> tuple[tuple[int, str], ...]:
    """All bytes by what they are for; what tags need comes first."""
    return (
        (space.needed, "needed by tags"),
        (space.untagged, f"only for manifests without a tag ({len(space.untagged_manifests):,})"),
        (space.unreferenced, f"unreferenced: no manifest names them ({len(space.unreferenced_blobs):,} blobs)"),
        (space.misplaced, "in files that aren't blobs"),
        (space.uploads.size, f"in unfinished uploads ({told_of_uploads(space.uploads)})"),
    )


def caution_of(space: Space) -> tuple[str, str]:
    """What is said of a tree with defects, where nobody knows what may be deleted."""
    unknown = f" ({space.unknown_manifests:,} linked manifests can't be read)" if space.unknown_manifests else ""
    return (
        f"The tree has defects{unknown}, so what is called unneeded here may be needed.",
        "Repair the tree before you delete anything.",
    )


def advice_of(space: Space) -> str:
    """How a sound tree gets rid of what isn't needed; empty where there is nothing."""
    return _COLLECT if space.untagged or space.unreferenced else ""


def lines_of_space(space: Space, *, is_sound: bool) -> Iterator[str]:
    """The table, line by line; of a tree with defects nobody is told how to delete what isn't needed."""
    yield "Space"
    for size, purpose in totals_of(space):
        yield f"  {Size(size).short:>8}  {purpose}"
    if not is_sound:
        yield from (f"  {line}" for line in caution_of(space))
    unneeded = [each for each in space.repositories if each.unneeded or each.links or each.uploads.count]
    if unneeded:
        yield ""
        yield "  Repositories with bytes that no tag needs; a blob in several counts in each"
        yield f"  {'unneeded':>8}  {'own':>8}  {'shared':>8}  repository"
        for each in unneeded[:_SHOWN]:
            yield _row(each)
        if len(unneeded) > _SHOWN:
            yield f"  and {len(unneeded) - _SHOWN:,} more, in --format json"
    advice = advice_of(space) if is_sound else ""
    if advice:
        yield ""
        yield f"  {advice}"


def space_as_json(space: Space) -> dict[str, Any]:
    """The values, all sizes in bytes."""
    return {
        "needed": space.needed,
        "untagged": space.untagged,
        "unreferenced": space.unreferenced,
        "misplaced": space.misplaced,
        "unreferenced_blobs": len(space.unreferenced_blobs),
        "untagged_manifests": len(space.untagged_manifests),
        "unknown_manifests": space.unknown_manifests,
        "uploads": _uploads_as_json(space.uploads),
        "repositories": [
            {
                "name": each.name,
                "own": each.own,
                "shared": each.shared,
                "unneeded": each.unneeded,
                "unneeded_links": each.links,
                "uploads": _uploads_as_json(each.uploads),
            }
            for each in space.repositories
        ],
    }


def _row(each: RepositorySpace) -> str:
    remarks = [f"{each.links:,} unneeded links"] if each.links else []
    if each.uploads.count:
        remarks.append(f"uploads: {Size(each.uploads.size).short}, {told_of_uploads(each.uploads)}")
    told = f"  ({'; '.join(remarks)})" if remarks else ""
    return (
        f"  {Size(each.unneeded).short:>8}  {Size(each.own).short:>8}  {Size(each.shared).short:>8}  {each.name}{told}"
    )


def told_of_uploads(uploads: Uploads) -> str:
    """How many there are, and since when."""
    since = f", the oldest begun on {uploads.oldest:%Y-%m-%d}" if uploads.oldest else ""
    return f"{uploads.count:,}{since}"


def _uploads_as_json(uploads: Uploads) -> dict[str, Any]:
    oldest = uploads.oldest.isoformat() if uploads.oldest else None
    return {"count": uploads.count, "bytes": uploads.size, "oldest": oldest}
