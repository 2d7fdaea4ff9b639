"""podman (Debian: podman)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.programs.command import Input, demand_root, find, run

PACKAGE = "podman"


class Podman:
    """The podman command over a store of its own: a layer that is stored already isn't looked at again."""

    def __init__(self, store: Path) -> None:
        self._program = find("podman", PACKAGE)
        demand_root("podman")
        store.mkdir(parents=True, exist_ok=True)
        self._store = store
        # Without recommended packages, Debian installs no policy.
        self._policy = store / "policy.json"
        self._policy.write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))

    def command(self, *arguments: str, stdin: Input = None) -> str:
        """Run ``podman ARGUMENTS`` and give its standard output; raises ProgramError when it fails."""
        places = [f"--root={self._store / 'root'}", f"--runroot={self._store / 'run'}", f"--tmpdir={self._store / 't'}"]
        drivers = ["--storage-driver=vfs", "--events-backend=none", "--cgroup-manager=cgroupfs"]
        return run([self._program, *places, *drivers, *arguments], stdin=stdin)

    def load(self, source: Input) -> str:
        """Load a docker tar or an OCI archive from a file, bytes or a stream; gives what podman says."""
        arguments = ["load", f"--signature-policy={self._policy}"]
        if isinstance(source, Path):
            return self.command(*arguments, "--input", str(source))
        return self.command(*arguments, stdin=source)

    def pull(self, name: str) -> str:
        """Pull ``HOST/NAME:TAG`` over plain HTTP, or another place as skopeo writes it; gives the image id."""
        policy = f"--signature-policy={self._policy}"
        return f"sha256:{self.command('pull', '--quiet', '--tls-verify=false', policy, name).strip()}"

    def image_id(self, name: str) -> str:
        """Give ``sha256:<hex>`` of the image's config."""
        return f"sha256:{self.command('image', 'inspect', '--format', '{{.Id}}', name).strip()}"

    def image_ids(self) -> list[str]:
        """List the ids of all images in the store, tagged or not."""
        return self.command("image", "ls", "--all", "--quiet", "--no-trunc").split()
