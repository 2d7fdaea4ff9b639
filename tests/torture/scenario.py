"""A command on a state: what is in the folders before it, and what may be there after any end of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.blobfix import Result
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, GeneratedIndex, make_image, write_artifactory_folder
from tests.in_process import run
from tests.torture.registry import resources_of
from tests.torture.states import BrokenError, State, expect_nothing_lost
from tests.transport.faulty_server import FaultyServer, Script

OLDER: Final = make_image(sample_layers("older", 2000))
IMAGE: Final = make_image([*sample_layers("older", 2000)[:1], *sample_layers("newer", 3000)[1:]])
LARGE: Final = make_image([{"data": bytes(range(256)) * (17 << 10)}, {"small": b"small"}], "none")
"""Its first layer is copied while it is read for the first time."""


@dataclass(frozen=True)
class Scenario:
    """A command on a state.

    Attributes:
        name: of the scenario.
        command: the words of the command; ``{in}`` and ``{out}`` stand for the folders, ``{host}`` for the registry.
        before: makes what is in the output folder when the command begins.
        judge: raises BrokenError for a state (visible, old, new) that nobody may see.
        image: the input; of a download, what the registry has.
        is_atomic: whether nothing between the old and the new state may be visible at all.
        stays: whether what was done before an error stays.
        is_repair: whether folders may be left empty, and nothing that was there may be lost.
        is_download: whether the image is on a registry, and what has arrived of a blob is kept.
        script: what the registry does wrong.
    """

    name: str
    command: tuple[str, ...]
    before: Callable[[Path], object]
    judge: Callable[[State, State, State], object]
    image: GeneratedImage | GeneratedIndex = IMAGE
    is_atomic: bool = False
    stays: bool = False
    is_repair: bool = False
    is_download: bool = False
    script: Callable[[], Script] = lambda: lambda _: None

    def prepare(self, case: Path) -> None:
        """Make the input and the output's old state."""
        (case / "in").mkdir()
        if isinstance(self.image, GeneratedImage) and not self.is_download:
            write_artifactory_folder(self.image, case / "in" / "team" / "app" / "1.4")
        (case / "out").mkdir()
        self.before(case / "out")

    def run(self, case: Path, *options: str) -> Result:
        """Run the command in a case folder."""
        if not self.is_download:
            return self._run(case, "", *options)
        server = FaultyServer(resources_of(self.image))
        server.script = self.script()
        with server:
            return self._run(case, server.host, *options)

    def _run(self, case: Path, host: str, *options: str) -> Result:
        places = {"in": str(case / "in"), "out": str(case / "out"), "host": host}
        return run(*(word.format(**places) for word in self.command), "-j", "1", "--no-progress", "-q", *options)


def expect_fit(scenario: Scenario, all_entries: State, seen: State, old: State, new: State) -> None:
    """Raise BrokenError unless a state that an end of the program has left is one that may be seen."""
    if scenario.is_atomic and seen not in (old, new):
        raise BrokenError("the state is neither the old nor the new one")
    scenario.judge(seen, old, new)
    if scenario.is_repair:
        expect_nothing_lost(all_entries, old)
