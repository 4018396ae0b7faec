"""A server of one's own, for the demo and for benches: a process on ports of the system's choice, in a folder that goes when it does."""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from spacesctl.domain.errors import Unavailable

START_WITHIN = 40.0
"""Seconds; a slow machine loads many modules."""
STOP_WITHIN = 8.0
_DIE_WITH_PARENT = 1
"""prctl(2), PR_SET_PDEATHSIG."""


class Server:
    """`wait()` until it is ready; `url` then says where, `owner_token` whose it is."""

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
        """Raises Unavailable with what the server said last."""
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
    """Start a server, and end it and everything of it whatever happens. It is not ready yet: `wait()`."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="spacesctl-demo-", ignore_cleanup_errors=True))
        )
        with (folder / "serve.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # this very program, with fixed words
                [
                    *(sys.executable, "-m", "spacesctl", "serve", "--json", "--no-profile"),
                    *("--http", "127.0.0.1:0", "--udp", "0.0.0.0:0", "--data", str(folder / "data")),
                    *flags,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,  # no .env and no config.toml of the folder that the demo is run in
                env=_environment() | environment,
                start_new_session=True,  # a Ctrl-C is for the demo, which still asks the server how it went
                preexec_fn=_dies_with(os.getpid()),
            )
        stack.callback(_stop, process)
        yield Server(process, folder)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SPACESCTL_")}


def _dies_with(parent: int) -> Callable[[], None] | None:
    """For the child: end when a demo is killed that could not end it (Linux only; elsewhere nothing does)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up here: little is safe between fork and exec

    def die_with_parent() -> None:
        prctl(_DIE_WITH_PARENT, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we said so
            os._exit(1)

    return die_with_parent


def _stop(process: subprocess.Popen[bytes]) -> None:
    """With its children: it ends them itself when it is asked; when it does not answer, its whole session goes."""
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
