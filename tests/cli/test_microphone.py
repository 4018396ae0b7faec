"""`speak --mic` without a microphone: what its thread brings is bounded, and what is missing is said in one line."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from spacesctl.client.microphone import BLOCK, WAITING, Microphone
from spacesctl.domain.errors import Invalid, Refused

DEVICES = [
    {"name": "Speakers", "max_input_channels": 0},
    {"name": "Webcam", "max_input_channels": 1},
    {"name": "Headset", "max_input_channels": 2},
]


class Library(ModuleType):
    """Stands for sounddevice: `bring` is PortAudio's thread bringing blocks, `unplug` its giving up."""

    class PortAudioError(Exception):
        pass

    def __init__(self, *, broken: bool = False, devices: list[dict[str, Any]] = DEVICES) -> None:
        super().__init__("sounddevice")
        self.broken, self.devices = broken, devices
        self.asked: dict[str, Any] = {}
        self.closed = False

    def query_devices(self, device: str | int | None = None, kind: str | None = None) -> Any:
        if kind is None:
            return self.devices
        if device is None and not self.devices:
            raise self.PortAudioError("Error querying device -1")
        if isinstance(device, int) and device >= len(self.devices):
            raise self.PortAudioError(f"Error querying device {device}")
        if isinstance(device, str) and not any(device in one["name"] for one in self.devices):
            raise ValueError(f"No input device matching {device!r}")
        return self.devices[-1]

    def RawInputStream(self, **asked: Any) -> Any:  # noqa: N802  # the library's name
        if self.broken:
            raise self.PortAudioError("Error opening RawInputStream: Invalid sample rate", -9997)
        self.asked = asked
        return SimpleNamespace(start=lambda: None, close=self._close)

    def bring(self, first: int, last: int, *, overflow: bool = False) -> None:
        status = SimpleNamespace(input_overflow=overflow)
        self._in_a_thread(
            lambda: [self.asked["callback"](block(number), BLOCK, None, status) for number in range(first, last)]
        )

    def unplug(self) -> None:
        self._in_a_thread(self.asked["finished_callback"])

    def _in_a_thread(self, work: Any) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    def _close(self) -> None:
        self.closed = True


def block(number: int) -> bytes:
    return number.to_bytes(2, "little") * BLOCK


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    return made


def listening(body: Any) -> None:
    async def whole() -> None:
        await body()

    asyncio.run(whole())


def test_blocks_come_in_order_at_48_khz_mono_and_the_device_is_closed_at_the_end(library: Library) -> None:
    async def body() -> None:
        async with Microphone("Webcam") as microphone:
            blocks = aiter(microphone)
            first = asyncio.ensure_future(anext(blocks))
            await asyncio.sleep(0)
            library.bring(0, 3)
            assert [await first, await anext(blocks), await anext(blocks)] == [block(number) for number in range(3)]
            assert microphone.lost == 0
        assert library.closed

    listening(body)
    asked = {name: library.asked[name] for name in ("samplerate", "blocksize", "channels", "dtype", "device")}
    assert asked == {"samplerate": 48_000, "blocksize": 960, "channels": 1, "dtype": "int16", "device": "Webcam"}


def test_who_does_not_keep_up_loses_the_oldest_and_is_told_how_many(library: Library) -> None:
    async def body() -> None:
        async with Microphone("2") as microphone:
            library.bring(0, 5)  # before anybody listens: nothing of it counts
            blocks = aiter(microphone)
            first = asyncio.ensure_future(anext(blocks))
            await asyncio.sleep(0)
            library.bring(100, 100 + WAITING + 7)
            library.bring(200, 201, overflow=True)
            found = [await first] + [await anext(blocks) for _ in range(WAITING - 1)]
            assert found == [block(number) for number in (*range(108, 100 + WAITING + 7), 200)]
            assert microphone.lost == 7 + 2, "the last one took a place, and PortAudio itself lost something before it"

    listening(body)
    assert library.asked["device"] == 2


def test_a_microphone_that_is_unplugged_ends_it_after_what_it_still_heard(library: Library) -> None:
    async def body() -> None:
        async with Microphone() as microphone:
            blocks = aiter(microphone)
            first = asyncio.ensure_future(anext(blocks))
            await asyncio.sleep(0)
            library.bring(1, 2)
            library.unplug()
            assert await first == block(1)
            with pytest.raises(Refused, match="was unplugged"):
                await anext(blocks)

    listening(body)


@pytest.mark.parametrize("device", ["Line in", "7"])
def test_a_device_that_is_none_is_answered_with_those_that_are(library: Library, device: str) -> None:
    async def body() -> None:
        with pytest.raises(Invalid, match="this machine has no microphone") as raised:
            await Microphone(device).__aenter__()
        assert raised.value.hint == "--device takes 1 (Webcam), 2 (Headset)"

    listening(body)


@pytest.mark.parametrize(
    ("made", "message", "hint"),
    [
        (Library(devices=[]), "this machine has no microphone", "connect one"),
        (Library(broken=True), "Invalid sample rate", "--device takes 1"),
    ],
    ids=["none", "another rate"],
)
def test_a_microphone_that_cannot_be_opened_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, made: Library, message: str, hint: str
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", made)

    async def body() -> None:
        with pytest.raises(Refused, match=message) as raised:
            await Microphone().__aenter__()
        assert hint in (raised.value.hint or "")

    listening(body)


def test_what_must_be_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(Refused, match="sounddevice is missing") as raised:
        Microphone()
    assert raised.value.hint == "pip install 'spacesctl[mic]'"

    class Finder:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")  # as the module itself does

    monkeypatch.delitem(sys.modules, "sounddevice")
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(Refused, match="PortAudio is missing") as raised:
        Microphone()
    assert "libportaudio2" in (raised.value.hint or "")
