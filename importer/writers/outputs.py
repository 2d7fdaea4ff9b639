"""The outputs: what each one holds, how it knows images, and how it is offered. The next command is named from here.

Here are those that reports tell of. The ``Output`` of any other stands beside its ``Destination``, in
``writers/destinations``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from importer.plan.fidelity import OutputKind


@dataclass(frozen=True, slots=True)
class Offer:
    """How reports offer an output: the name of the file or folder to write, its ending, and what it is."""

    stem: str
    suffix: str
    description: str


@dataclass(frozen=True, slots=True)
class Output:
    """What can be written.

    Attributes:
        name: as reports and the command have it.
        kind: what it holds of an image.
        needs_names: whether an image without a name can't be written.
        keeps_hosts: whether a name's registry host tells two images apart.
        offer: how reports offer it; None: they don't.
    """

    name: str
    kind: OutputKind
    needs_names: bool = False
    keeps_hosts: bool = True
    offer: Offer | None = None

    @property
    def command(self) -> str:
        """The command that writes it."""
        return f"to-{self.name}"


REGISTRY_TREE: Final = Output(
    "registry-tree",
    OutputKind.ORIGINAL,
    needs_names=True,
    keeps_hosts=False,
    offer=Offer("registry", "", "a storage folder for registry:2"),
)
DOCKER_TAR: Final = Output("docker-tar", OutputKind.DOCKER, offer=Offer("image", ".tar", "a tarball for docker load"))
OCI_LAYOUT: Final = Output(
    "oci-layout", OutputKind.ORIGINAL, offer=Offer("layout", "", "an OCI image layout for skopeo and podman")
)

REPORTED: Final = (REGISTRY_TREE, DOCKER_TAR, OCI_LAYOUT)
"""Those of which the reports say how true they would be, in their order (schemas/scan-report.schema.json)."""

OFFERED: Final = (DOCKER_TAR, REGISTRY_TREE, OCI_LAYOUT)
"""Those that reports offer, the one that most people want first."""
