"""Names, tags and platforms that aren't there."""

from __future__ import annotations

from typing import Final

from importer.topics.topic import Advice, Message, Topic

TOPICS: Final = (
    Topic(
        name="wrong-tag",
        summary="the registry has no image of that name and tag",
        meaning=(
            "The registry knows no manifest under that tag or digest. Usually the tag is misspelt, was deleted, or was "
            "never pushed; without a tag, docker asks for latest, which need not exist. Only when the tag is listed "
            "and still not found is the registry's storage damaged (BF503, BF504)."
        ),
        checks=(
            "Which tags are there? Tags distinguish upper and lower case; 1.4 isn't v1.4.",
            "Is it the right registry and repository? Artifactory's path method has the repository key in the name: "
            "host/docker-local/team/app.",
            "Was the tag deleted by a cleanup or retention policy? A pull by digest may still work.",
            "A remote repository (-cache)? It has only what someone pulled through it; its upstream must be reachable.",
        ),
        advice=(
            Advice("list the tags that are there", "blobfix tags registry.example/team/app"),
            Advice("check the registry's storage, if the tag is listed", "blobfix repair-tree /srv/registry"),
        ),
        messages=(
            Message("manifest unknown", "distribution, registry/api/errcode/register.go"),
            Message("repository name not known to registry", "distribution, registry/api/v2/errors.go"),
            Message("manifest for … not found", "moby, distribution/errors.go"),
            Message("manifest for … not found: manifest unknown: manifest unknown", "moby, distribution/errors.go"),
            Message("MANIFEST_UNKNOWN", "distribution-spec, error codes; crane and Artifactory"),
            Message("The named manifest is not known to the registry", "Artifactory; distribution-spec"),
            Message(
                "reading manifest … in …: manifest unknown", "containers/image, docker_image_src.go (skopeo, podman)"
            ),
            Message("failed to resolve reference …: not found", "containerd, client/pull.go"),
            Message("failed to resolve reference", "containerd, client/pull.go"),
            Message("tag does not exist", "moby, docker push"),
            Message("An image does not exist locally with the tag", "moby, docker push"),
            Message("No such image", "moby, daemon/images (errNoSuchImage)"),
            Message("Unable to find image … locally", "docker/cli, run"),
            Message("image not known", "containers/storage, errors.go (podman)"),
            Message("failed to find image …: not found", "containerd and kubelet"),
            Message("Failed to pull image", "kubelet, events of a pod; the reason stands behind it"),
            Message("ErrImagePull", "kubelet, state of a pod; kubectl describe pod tells the reason"),
            Message("ImagePullBackOff", "kubelet, state of a pod; kubectl describe pod tells the reason"),
            Message("404 Not Found", "net/http status text"),
        ),
    ),
    Topic(
        name="not-in-artifactory",
        summary="Artifactory has no file at that path",
        meaning=(
            "The path isn't in the repository that was asked, or in none of a virtual repository's. For a remote "
            "repository it may be known upstream and not cached, or the upstream refused; then a marker stands where "
            "the layer should be."
        ),
        checks=(
            "Is the repository key right? A remote repository's files lie in its -cache, its API is asked without it.",
            "Is it a file of the tag's folder? Layers of an index's platforms lie in folders of their own.",
            "Is there a sha256__….marker instead? blobfix explain BF105 says how to have the layer fetched.",
        ),
        advice=(
            Advice(
                "fetch everything of the tag that can be had",
                "blobfix pull https://host.example/artifactory/docker-local/team/app/1.4/ -o downloads",
            ),
        ),
        messages=(
            Message("Could not locate artifact", "Artifactory, JSON errors"),
            Message("Could not find resource", "Artifactory, JSON errors"),
            Message("Unable to find item", "Artifactory, JSON errors"),
            Message("Item … does not exist", "Artifactory, JSON errors"),
        ),
    ),
    Topic(
        name="wrong-name",
        summary="the text is not an image name",
        meaning=(
            "A name is [HOST[:PORT]/]REPOSITORY[:TAG], the repository in lower case. https:// before it, upper-case "
            "letters, blanks, a slash at the end or two colons make it none."
        ),
        checks=(
            "Leave out https:// and what the web page's address has: /ui/, /artifactory/.",
            "Write the repository in lower case; a tag may have capitals.",
            "Is a variable in your script empty, so that :1.4 or app: is left?",
        ),
        advice=(Advice("download by the address of the web page's folder", "blobfix pull --help"),),
        messages=(
            Message("invalid reference format", "distribution/reference, reference.go (ErrReferenceInvalidFormat)"),
            Message("repository name must be lowercase", "distribution/reference (ErrNameContainsUppercase)"),
            Message("repository name must be canonical", "distribution/reference (ErrNameNotCanonical)"),
            Message("could not parse reference", "go-containerregistry, pkg/name (crane)"),
            Message("Invalid image name", "containers/image, transports/alltransports (skopeo)"),
            Message("NAME_INVALID", "distribution-spec, error codes"),
            Message("InvalidImageName", "kubelet, state of a pod"),
            Message("repository does not exist", "moby, docker push"),
            Message("NAME_UNKNOWN", "distribution-spec, error codes"),
        ),
    ),
    Topic(
        name="wrong-platform",
        summary="the image is for another CPU or another system",
        meaning=(
            "The programs in the image are for another architecture than this machine's, arm64 on an amd64 server "
            "say, or for Windows. Someone built or pulled it on another machine, an Apple one often."
        ),
        checks=(
            "For which platform is it? The second line of a scan says so.",
            "Does the registry have the image for this platform? An index lists them.",
            "Must it run here all the same? qemu-user-static and binfmt run it, slowly.",
        ),
        advice=(
            Advice("see for which platforms it is there", "blobfix inspect registry.example/team/app:1.4"),
            Advice("pull the right one", "docker pull --platform linux/amd64 registry.example/team/app:1.4"),
            Advice(
                "download the right one",
                "blobfix pull registry.example/team/app:1.4 --platform linux/amd64 -o downloads",
            ),
        ),
        messages=(
            Message("exec format error", "POSIX ENOEXEC; docker run, runc, kubelet"),
            Message("exec user process caused: exec format error", "runc, libcontainer"),
            Message(
                "The requested image's platform (…) does not match the detected host platform",
                "moby, daemon/images/image.go",
            ),
            Message("image with reference … was found but does not match the specified platform", "moby, daemon"),
            Message(
                "image operating system … cannot be used on this platform", "moby, distribution/pull_v2.go (Windows)"
            ),
            Message("no image found in manifest list for architecture …", "containers/image, manifest list choice"),
            Message("no image found in image index for architecture …", "containers/image, image index choice"),
            Message("does not match the specified platform: wanted …, actual", "moby, daemon"),
            Message("no matching manifest for … in the manifest list entries", "moby, distribution/pull_v2.go"),
            Message("no child with platform …", "go-containerregistry, pkg/v1/remote/image.go (crane)"),
        ),
    ),
)
