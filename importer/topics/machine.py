"""This machine: its disk, its rights, its daemons, and what a tool takes."""

from __future__ import annotations

from typing import Final

from importer.topics.topic import Advice, Message, Topic

TOPICS: Final = (
    Topic(
        name="disk-full",
        summary="a disk is full, a quota is reached, or a folder can't be written to",
        meaning=(
            "The disk of docker's or podman's store, of /tmp, or of the registry is full, or its inodes are. An image "
            "takes the room of its packed layers, of their unpacked files, and of a temporary copy of each while it "
            "is loaded."
        ),
        checks=(
            "Which disk? docker's own: docker info says Docker Root Dir. podman and skopeo unpack in /var/tmp.",
            "Enough bytes and yet full? Look at the inodes: df -i.",
            "On the registry's side? Then the message came with a 500 from the registry.",
            "Docker Desktop: the disk of its virtual machine, in Settings, Resources.",
        ),
        advice=(
            Advice("see bytes and inodes", "df -h /var/lib/docker /var/tmp; df -i /var/lib/docker"),
            Advice("see what docker uses", "docker system df"),
            Advice("load without a copy on the disk", "blobfix to-docker-tar downloads -o - | docker load"),
        ),
        messages=(
            Message("no space left on device", "POSIX ENOSPC"),
            Message("failed to register layer: … no space left on device", "moby, layer/layer_store.go"),
            Message("disk quota exceeded", "POSIX EDQUOT"),
            Message("There is not enough space on the disk", "Windows, ERROR_DISK_FULL"),
            Message("You don't have enough free space in …", "apt and installers"),
            Message("DiskPressure", "kubelet, condition of a node; image garbage collection"),
            Message("Failed - Insufficient disk space", "Chromium, downloads"),
        ),
    ),
    Topic(
        name="permission",
        summary="a file, a socket or a system call is denied to this user",
        meaning=(
            "The system refuses: the user isn't in the group of docker's socket, the folder belongs to root, the "
            "container that docker itself runs in lacks a right, or SELinux forbids it."
        ),
        checks=(
            "docker.sock: is the user in the group docker, and logged in anew since?",
            "Rootless podman or docker: are there ranges in /etc/subuid and /etc/subgid?",
            "docker within a container or LXC: lchown, lsetxattr and mknod need rights that it may lack.",
            "SELinux: does a mounted folder have :Z?",
        ),
        advice=(
            Advice("see who may use docker", "ls -l /var/run/docker.sock; id"),
            Advice("look at a download without any right but to read it", "blobfix scan downloads"),
        ),
        messages=(
            Message(
                "permission denied while trying to connect to the Docker daemon socket", "docker/cli, client/request.go"
            ),
            Message("dial unix /var/run/docker.sock: connect: permission denied", "Go, net; docker/cli"),
            Message("operation not permitted", "POSIX EPERM"),
            Message("permission denied", "POSIX EACCES"),
            Message(
                "failed to register layer: lsetxattr …: operation not supported",
                "moby#45417; jsknnr/enshrouded-server#56",
            ),
            Message("lsetxattr …: operation not supported", "curl/curl-container#55"),
            Message("ApplyLayer … operation not permitted", "docker/for-linux#1172"),
            Message(
                "potentially insufficient UIDs or GIDs available in user namespace", "containers/storage, pkg/idtools"
            ),
            Message("lchown …: invalid argument", "containers/storage, rootless"),
            Message("read-only file system", "POSIX EROFS"),
        ),
    ),
    Topic(
        name="daemon",
        summary="docker, containerd or podman isn't running, or isn't the one you think",
        meaning=(
            "The command doesn't reach its daemon: it isn't running, runs for another user, or DOCKER_HOST or a "
            "context names another one."
        ),
        checks=(
            "Is it running? systemctl status docker, or Docker Desktop's whale.",
            "DOCKER_HOST, docker context ls: which daemon is asked?",
            "Is an image loaded into another daemon? docker, containerd's k8s.io namespace, and root's and a user's "
            "podman don't share images.",
        ),
        advice=(
            Advice("see the daemon and the context", "docker context ls; docker info"),
            Advice("look at the download without any daemon", "blobfix scan downloads"),
        ),
        messages=(
            Message("Cannot connect to the Docker daemon", "docker/cli, client/errors.go"),
            Message("Is the docker daemon running?", "docker/cli, client/errors.go"),
            Message("error during connect", "docker/cli, client/request.go (Windows)"),
            Message("failed to connect to the docker API at", "docker/cli, client/errors.go"),
            Message("open //./pipe/docker_engine: The system cannot find the file specified", "docker/cli on Windows"),
            Message("rpc error: code = Unavailable desc = connection error", "containerd and CRI clients"),
            Message('failed to dial "/run/containerd/containerd.sock"', "containerd, ctr"),
            Message("Cannot connect to Podman", "podman, pkg/bindings"),
        ),
    ),
    Topic(
        name="not-an-image-archive",
        summary="the file isn't a tarball that this command loads",
        meaning=(
            "docker load and podman load take what docker save or an OCI layout in a tar is. The file is something "
            "else: a web page, a tar that a shell has rewritten as text, a docker export, a zip, a tar packed in a "
            "way that the program doesn't know (zstd, say), or a tar with a folder around everything."
        ),
        checks=(
            "What does the file begin with? file image.tar tells; so does a scan.",
            "Was it written with > in PowerShell? Use docker save -o.",
            "Was it made by docker export? That is a file system without an image: docker import takes it.",
            "Is manifest.json at the top of the tar, or in a folder? blobfix finds it in both.",
        ),
        advice=(
            Advice("see what the file is", "blobfix scan image.tar"),
            Advice("make a tarball that loads", "blobfix to-docker-tar image.tar -o loadable.tar"),
        ),
        messages=(
            Message("archive/tar: invalid tar header", "Go, archive/tar/reader.go (ErrHeader)"),
            Message("invalid tar header", "Go, archive/tar/reader.go (ErrHeader)"),
            Message(
                "payload does not match any of the supported image formats", "podman#13139; containers/common, libimage"
            ),
            Message("This does not look like a tar archive", "GNU tar"),
            Message("Error processing tar file(exit status 1)", "moby, pkg/chrootarchive"),
            Message("Error processing tar file", "moby, pkg/chrootarchive"),
            Message("gzip: stdin: not in gzip format", "gzip"),
            Message("unrecognized archive format", "libarchive"),
        ),
    ),
    Topic(
        name="wrong-tool",
        summary="the command is for something else",
        meaning=(
            "docker pull is for images; charts, models, signatures and other artifacts have clients of their own. "
            "docker import takes file systems, docker load images. An old client doesn't know newer media types."
        ),
        checks=(
            "What is it? A scan or inspect shows the kind: image, index or artifact.",
            "A Helm chart: helm pull oci://…. Other artifacts: oras pull. Models of ollama: ollama pull.",
            "docker export goes with docker import, docker save with docker load.",
        ),
        advice=(
            Advice("see what it is", "blobfix inspect registry.example/team/chart:1.4"),
            Advice("download it, whatever it is", "blobfix pull registry.example/team/chart:1.4 -o downloads"),
        ),
        messages=(
            Message('Encountered remote "…"(unknown) when fetching', "moby, distribution/errors.go"),
            Message("invalid media type in manifest", "moby and containerd"),
            Message("unsupported media type application/vnd.cncf.helm.config", "moby, distribution/pull_v2.go"),
            Message(
                "Encountered remote application/vnd.cncf.helm.config.v1+json(…) when fetching",
                "moby, distribution/errors.go",
            ),
            Message("unsupported image-specific operation on artifact with type", "containers/image, image/oci.go"),
            Message("is not a docker command", "docker/cli"),
        ),
    ),
)
