"""Starts a server process for the demo and for benches, on ports chosen by the system, with a temporary data folder."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from spacesctl.domain.errors import Unavailable
from spacesctl.probe.children import ends_with_parent

START_WITHIN = 40.0
"""Seconds. A slow machine needs long to load all modules."""
STOP_WITHIN = 8.0


class Server:
    """Call `wait()` until it is ready. Then `url` is its address, and `owner_token` the token of its owner."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.url = ""

    @property
    def owner_token(self) -> str:
        return (self.folder / "data" / "owner.token").read_text().strip()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def wait(self) -> None:
        """Wait until the server is ready. Raises Unavailable with the last line of its log."""
        out = self.process.stdout
        line = out.readline() if out is not None and select.select([out], [], [], START_WITHIN)[0] else b""
        if not line:
            raise self.gone("did not start")
        self.url = json.loads(line)["http"]

    def gone(self, what: str) -> Unavailable:
        said = (self.folder / "serve.log").read_text(errors="replace").strip().splitlines()
        return Unavailable(f"the server {what}{': ' + said[-1][:300] if said else ''}")


@contextmanager
def serving(*flags: str, **environment: str) -> Iterator[Server]:
    """Start a server. At the end, always stop it and its child processes and delete its folder. It is not ready yet: call `wait()`."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="spacesctl-demo-", ignore_cleanup_errors=True))
        )
        with (folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # this program itself, with fixed arguments
                [
                    *(sys.executable, "-m", "spacesctl", "serve", "--json", "--no-profile"),
                    *("--http", "127.0.0.1:0", "--udp", "0.0.0.0:0", "--data", str(folder / "data")),
                    *flags,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,  # so that no .env or config.toml of the current folder is read
                env=_environment() | environment,
                start_new_session=True,  # Ctrl-C must only reach the demo, which still queries the server
                preexec_fn=ends_with_parent(),
            )
        stack.callback(_stop, process)
        yield Server(process, folder)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SPACESCTL_")}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server and its children. It is asked to end, and stops its children itself; then what is left of its group is killed."""
    try:
        process.terminate()
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        pass
    finally:  # also when a second Ctrl-C interrupts the wait
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
