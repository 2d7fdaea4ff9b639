"""An executor for tests of other rooms."""

from __future__ import annotations

from importer.places.opener import Opener
from importer.progress import Progress, SilentProgress
from importer.work.executor import ThreadExecutor


def threads(progress: Progress | None = None, opener: Opener | None = None, jobs: int = 2) -> ThreadExecutor:
    """A few threads, of which nobody hears."""
    return ThreadExecutor(jobs, progress or SilentProgress(), opener or Opener())
