"""A real server for tests: `spacesctl serve` as a process, on ports of the system's choice, in a folder of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from spacesctl.client.http import Client
from spacesctl.server.http.rates import Limits
from tests.raw import Raw


class RunningServer:
    """`url`, the owner's token, and a place to run commands in."""

    def __init__(
        self,
        data: Path,
        *flags: str,
        http: str = "127.0.0.1:0",
        udp: str = "0.0.0.0:0",
        descriptors: int | None = None,
    ) -> None:
        self.data = data
        self.home = data.parent / "config-home"
        self._words = [*with_descriptors(descriptors), *spacesctl("serve"), "--data", str(data), "--json", *flags]
        self._begin(http, udp)

    def _begin(self, http: str, udp: str) -> None:
        with (self.data.parent / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._words, "--http", http, "--udp", udp], stdout=subprocess.PIPE, stderr=log, env=self.env(None)
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the server did not start: {(self.data.parent / 'serve.log').read_text()[-2000:]}"
        ready = json.loads(line)
        self.url: str = ready["http"]
        self.udp: str = ready["udp"]

    def begin_again(self) -> None:
        """Start it anew at the same addresses, after it has ended."""
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._begin(self.http, self.udp)

    @property
    def http(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def owner_token(self) -> str:
        return (self.data / "owner.token").read_text().strip()

    def env(self, token: str | None) -> dict[str, str]:
        """The surroundings of a command that a person with this token (None: with the profile) runs here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SPACESCTL_")}
        chosen = {} if token is None else {"SPACESCTL_URL": self.url, "SPACESCTL_TOKEN": token}
        return {**kept, "XDG_CONFIG_HOME": str(self.home), **chosen}

    def client(self, token: str | None = None) -> Raw:
        return Raw(self.url, token)

    def account(self, handle: str, kind: str = "person") -> dict[str, Any]:
        with self.client(self.owner_token) as owner:
            made: dict[str, Any] = owner.post("/v1/accounts", {"handle": handle, "kind": kind})
        return made

    def run(
        self, token: str, *words: str, timeout: float = 15, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as the account of `token` ("" for nobody)."""
        return subprocess.run(
            [*spacesctl(), *words],
            env=self.env(token),
            capture_output=True,
            text=True,
            timeout=timeout,
            input=stdin or "",
            check=False,
        )

    def start(self, token: str, *words: str) -> subprocess.Popen[str]:
        """The same, in the background."""
        return subprocess.Popen(
            [*spacesctl(), *words],
            env=self.env(token),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self, number: int = signal.SIGTERM, timeout: float = 10) -> int:
        """End it with a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout)


def unlimited(folder: Path) -> tuple[str, str]:
    """Flags for a server that limits nobody, for tests that write as fast as they can."""
    config = folder / "unlimited.toml"
    config.write_text("[limits]\n" + "".join(f'{name} = "off"\n' for name in Limits.model_fields))
    return ("--config", str(config))


def with_descriptors(most: int | None) -> list[str]:
    """Words before a command that let it have so many open files."""
    return [] if most is None else ["sh", "-c", f'ulimit -n {most} && exec "$@"', "sh"]


def wait_until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Until `true()` is; fails when it does not come to be."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.05)


def spacesctl(*words: str) -> list[str]:
    return [sys.executable, "-m", "spacesctl", *words]


@asynccontextmanager
async def threaded(client: Client) -> AsyncIterator[Client]:
    """A client whose methods are called in threads. It is closed in one, too: that waits for calls under way."""
    try:
        yield client
    finally:
        await asyncio.to_thread(client.close)


@contextmanager
def running_server(data: Path, *flags: str, **kwargs: Any) -> Iterator[RunningServer]:
    server = RunningServer(data, *flags, **kwargs)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)
        if server.process.stdout is not None:
            server.process.stdout.close()
