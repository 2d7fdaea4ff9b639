"""Words that rules share: which file it is, what is done about it, and what to download."""

from __future__ import annotations

from importer.mutate.edited_configs import edited_config
from importer.plan.blobs import BlobPlan, Role
from importer.plan.causes import Cause
from importer.plan.images import ImagePlan
from importer.words.text import FilePath, Size, Text


def undoing(blob: BlobPlan, cause: Cause, usual: Text) -> Text:
    """What is done about a cause: the usual where it is the only one."""
    if cause not in blob.earlier:
        return usual
    if blob.is_here or blob.content:
        return Text("this is undone first, in memory; the content inside is proven by its digest")
    return Text("this alone could be undone, but the content inside is damaged too")


def file_of(blob: BlobPlan) -> Text:
    """The blob's file in a message; says so when only the circumstances tie it to the blob."""
    path = FilePath(blob.file_path) if blob.file_path else "a file"
    return Text("{}", path) if blob.certain else Text("{}, the only file here that fits,", path)


def edited_config_way(image: ImagePlan) -> Text:
    """What can be done with an edited config instead of downloading the original; empty when nothing can."""
    edited = edited_config(image)
    if not edited or edited.misfit:
        return Text("")
    platform = f" and --platform {image.platform or edited.config.platform}" if image.parents else ""
    return Text(
        ". The file is a valid config: if it was edited on purpose, --allow-new-digest{} writes the image with it, "
        "if its diff_ids match the layers; the image id is then {}",
        platform,
        edited.file.digest,
    )


def fetch_again(blob: BlobPlan) -> Text:
    """The next step for a blob that can't be mended."""
    digest = blob.descriptor.digest
    if blob.role is Role.CHILD:
        folders = "download the folder {}/ (or {}/), next to the tag's folder, again"
        return Text(folders, digest, digest.file_name)
    if blob.role is Role.MANIFEST:
        return Text("download the manifest again")
    if not blob.descriptor.size and blob.diff_id == digest:
        return Text("save the image again with docker save: the layer's digest in a registry isn't known here")
    if not blob.descriptor.size:
        return Text("download {} again", digest.file_name)
    return Text("download {} again, {}", digest.file_name, Size(blob.descriptor.size))
