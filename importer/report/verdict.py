"""What a report says of the input as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from importer.domain.platform import Host
from importer.investigation import Investigation, absent_digests
from importer.plan.fidelity import Fidelity, ImageStatus, OutputKind, fidelity, obstacles, status_of, whole_images
from importer.plan.images import ContainerImage, ImageIndex, Plan
from importer.recovery.unread import Unread
from importer.report.downloads import downloads_of
from importer.report.rendering import name_of
from importer.words.printable import printable

_MAX_NAMES: Final = 3

_NOTHING: Final = {0: "there are no files", 1: "the only file here is not a manifest"}
_ALTERED: Final = "another program has changed the text of a manifest, and so its digest"
_NOT_FOR_A_REGISTRY: Final = "not every original manifest that a registry needs can be written"
_MANIFEST_NOT_SAVED: Final = "docker can load it; docker save leaves out the manifest that a registry needs"
_WHOLE: Final = {1: "The image is", 2: "Both images are"}
_HERE: Final = {1: "the image", 2: "both images"}


def verdict_of(investigation: Investigation) -> str:
    """The one sentence that comes first: what can be had, what could not be read, and what to do."""
    return _of_given_digests(investigation) + _of_input(investigation)


def _of_given_digests(investigation: Investigation) -> str:
    """Says so when a digest that the user gave is no manifest's here; else empty."""
    absent = absent_digests(investigation.question, investigation.case.plan)
    if not investigation.case.plan.images or not absent:
        return ""
    return f"No manifest here has the digest that was given, {absent[0]}. "


def _of_input(investigation: Investigation) -> str:
    unread = investigation.case.unread
    mattering = [one for one in unread if one.matters]
    if mattering:
        return f"Not everything could be read: {_names(mattering)}. {_of_what_was_read(investigation)}"
    verdict = _of_everything(investigation)
    return f"{verdict} Not read, and nothing here needs it: {_names(unread)}." if unread else verdict


def _names(unread: Sequence[Unread]) -> str:
    names = [printable(_name(one.path)) for one in unread[:_MAX_NAMES]]
    more = len(unread) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _name(path: str) -> str:
    """The file's own name; all manifests have the same, and are told apart by the folder of their tag."""
    name = name_of(path)
    return "/".join(PurePath(path).parts[-3:]) if name.endswith("manifest.json") else name


def _of_what_was_read(investigation: Investigation) -> str:
    """What can be had of an input that may hold more."""
    states = [status_of(image, investigation.case.host) for image in investigation.case.plan.images]
    if not states:
        return "No image was found in the parts that could be read."
    if ImageStatus.INCOMPLETE in states:
        return _of_everything(investigation)
    number = "1 image" if len(states) == 1 else f"{len(states)} images"
    can = "can" if len(states) == 1 else "can all"
    return f"What could be read holds {number}, which {can} be written."


def _of_everything(investigation: Investigation) -> str:
    plan, files = investigation.case.plan, len(investigation.case.inventory.files)
    host = investigation.case.host
    states = [status_of(image, host) for image in plan.images]
    if not states:
        wrong = next((one for one in investigation.findings.named if one.rule.code == "BF111"), None)
        if wrong:
            return f"No image: {wrong.observation.message}; {wrong.observation.remedy}."
        count = _NOTHING.get(files, f"none of {files:,} files is a manifest")
        return f"No image: {count}. Also save manifest.json from the folder that has the layers."
    lost = sum(state is ImageStatus.INCOMPLETE for state in states)
    if lost and (platforms := _whole_platforms(plan, host)):
        return f"Of the image's platforms, only {platforms} can be recovered from these files alone; {_way_out(plan)}"
    if lost:
        which = "The image" if len(states) == 1 else f"{lost} of {len(states)} images"
        return f"{which} can't be recovered from these files alone; {_way_out(plan)}"
    if all(state is ImageStatus.INTACT for state in states):
        return _of_intact(plan, host)
    return _of_mended(plan, host)


def _of_intact(plan: Plan, host: Host) -> str:
    whole = _WHOLE.get(len(plan.images), f"All {len(plan.images)} images are")
    if all(blob.is_here for image in plan.images for blob in image.all_blobs):
        return f"{whole} intact: every byte is here."
    if _is_for_docker_only(plan, host):
        return f"{whole} intact as docker saved {'it' if len(plan.images) == 1 else 'them'}: {_MANIFEST_NOT_SAVED}."
    return f"{whole} intact: every byte that registries store is here."


def _of_mended(plan: Plan, host: Host) -> str:
    """What is said where nothing is lost, though not all is as it was."""
    count = len(plan.images)
    refused = sum(isinstance(image, ContainerImage) and bool(obstacles(image, host)) for image in plan.images)
    if refused and all(image.is_untouched for image in plan.images):
        whole, which = _HERE.get(count, f"all {count} images"), "it" if count == 1 else f"{refused} of them"
        return f"Every byte of {whole} is here, but docker can't load {which}; the reasons are below."
    if _only_altered(plan, host):
        return f"{'The image is' if count == 1 else 'Every image is'} whole, but {_ALTERED}."
    if _is_for_docker_only(plan, host):
        which, they = ("The image is", "it") if count == 1 else ("Some images are", "all of them")
        return f"{which} damaged: {they} can be written for docker load, but {_NOT_FOR_A_REGISTRY}."
    if count == 1:
        return "The image is damaged, but nothing is lost: it can be written from the files here."
    return f"Nothing is lost: {count} images, some of them damaged, can all be written from what is here."


def _is_for_docker_only(plan: Plan, host: Host) -> bool:
    """Whether some image is exact as a docker tar, and has no original manifest for a registry."""
    return any(
        fidelity(image, OutputKind.DOCKER, host) is Fidelity.EXACT
        and fidelity(image, OutputKind.ORIGINAL, host) is not Fidelity.EXACT
        for image in plan.images
    )


def _only_altered(plan: Plan, host: Host) -> bool:
    """Whether nothing is wrong but that a program has changed the text of manifests."""
    bad = [image for image in plan.images if status_of(image, host) is not ImageStatus.INTACT]
    return all(i.is_untouched for i in bad) and any(i.is_altered for i in bad) and not any(i.flaws for i in bad)


def _whole_platforms(plan: Plan, host: Host) -> str:
    """What can be written of the only image, an index with gaps; empty for anything else."""
    standing = [image for image in plan.images if not image.parents]
    if len(standing) != 1 or not isinstance(standing[0], ImageIndex):
        return ""
    return ", ".join(str(child.platform) for child in whole_images(standing[0], host))


def _way_out(plan: Plan) -> str:
    count = len(downloads_of(plan))
    if not count:
        return "the reasons are below."
    return f"{count} {'files' if count > 1 else 'file'} must be downloaded again."
