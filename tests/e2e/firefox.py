"""Debian's Firefox over WebDriver BiDi (a W3C protocol of JSON over a WebSocket), with a microphone of its own that says a tone."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#none",
    "toolkit.telemetry.enabled": False,
}
BEFORE_THE_PAGE = """() => {
  window.violations = [];
  addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  window.captured = [];
  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (open) navigator.mediaDevices.getUserMedia = async (...what) => {
    const stream = await open(...what);
    captured.push(...stream.getTracks());
    return stream;
  };
}"""


class Firefox:
    """One tab. `errors` is what its console and its scripts complained of."""

    def __init__(self, socket: ClientConnection) -> None:
        self.errors: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._tab = ""

    async def begin(self) -> None:
        await self.ask("session.new", capabilities={})
        await self.ask("session.subscribe", events=["log.entryAdded"])
        await self.ask("script.addPreloadScript", functionDeclaration=BEFORE_THE_PAGE)
        self._tab = (await self.ask("browsingContext.create", type="tab"))["context"]

    async def read(self) -> None:
        """Take what the browser sends, until it ends."""
        async for text in self._socket:
            told = json.loads(text)
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.errors.append(str(told["params"]["text"]))
            elif (waiting := self._answers.pop(told.get("id"), None)) is not None:
                waiting.set_result(told)

    async def ask(self, method: str, **params: Any) -> Any:
        """A command's result. Raises AssertionError with the browser's words when it is refused."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        told = await asyncio.wait_for(self._answers[number], 30)
        assert told["type"] == "success", told
        return told["result"]

    async def goto(self, address: str) -> None:
        await self.ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    async def sees(self, expression: str) -> Any:
        """The value of a JavaScript expression, as JSON; awaited, and as if a person had just done something."""
        wrapped = f"Promise.resolve({expression}).then((found) => JSON.stringify(found ?? null))"
        params = {"target": {"context": self._tab}, "awaitPromise": True, "userActivation": True}
        found = await self.ask("script.evaluate", expression=wrapped, **params)
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    async def click(self, selector: str) -> None:
        await self.sees(f"document.querySelector({json.dumps(selector)}).click()")

    async def fill(self, selector: str, text: str) -> None:
        await self.sees(f"(document.querySelector({json.dumps(selector)}).value = {json.dumps(text)})")

    async def holds(self, expression: str, seconds: float = 10.0) -> None:
        """Until an expression is true."""
        try:
            async with asyncio.timeout(seconds):
                while not await self.sees(expression):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"never true: {expression}") from None

    async def reads(self, name: str, text: str, seconds: float = 10.0) -> None:
        """Until an element has this in its text, whatever its case."""
        await self.holds(
            f"document.getElementById({name!r}).innerText.toLowerCase().includes({text.lower()!r})", seconds
        )


@asynccontextmanager
async def loudspeaker(folder: Path) -> AsyncIterator[str]:
    """The address of a sound server that plays to nobody: without one Firefox plays nothing at all."""
    socket = folder / "sound"
    process = await asyncio.create_subprocess_exec(
        *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
        *("-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1", "-L", "module-null-sink"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin"},
    )
    try:
        async with asyncio.timeout(10):
            while not socket.exists():
                await asyncio.sleep(0.05)
        yield f"unix:{socket}"
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Firefox]:
    """Firefox with an empty profile, in a home of its own."""
    async with loudspeaker(folder) as sound, _started(folder, {"PULSE_SERVER": sound}) as page:
        yield page


@asynccontextmanager
async def _started(folder: Path, surroundings: dict[str, str]) -> AsyncIterator[Firefox]:
    profile = folder / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        *[FIREFOX or "firefox", "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "MOZ_DISABLE_AUTO_SAFE_MODE": "1", **surroundings},
    )
    try:
        async with asyncio.timeout(40):
            address = await _address(process)
        drain = asyncio.create_task(_drain(process))
        async with connect(f"{address}/session", max_size=None, ping_interval=None) as socket:
            made = Firefox(socket)
            reading = asyncio.create_task(made.read())
            try:
                await made.begin()
                yield made
            finally:
                for task in (reading, drain):
                    task.cancel()
                await asyncio.gather(reading, drain, return_exceptions=True)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if b"BiDi listening on" in line:
            return line.decode().split()[-1]
    raise AssertionError("Firefox did not start")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    async for _ in process.stderr:
        pass
