"""Opus encoder, decoder and repacketizer: the only module that calls libopus.

The shared library of the package `opuslib_next` is loaded with `ctypes.PyDLL`: calls keep the GIL, because encoding takes 0.1 ms, which
is less than releasing the GIL and waiting to get it back. Buffers are made once per codec state. Sound is int16 mono (or interleaved, for
two channels); a *frame* is 20 ms, 960 samples at 48 kHz (RFC 6716).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]

RATE: Final = 48_000
"""The sample rate in Hz."""
FRAME: Final = 960
"""Samples of 20 ms at 48 kHz."""
MAX_PACKET: Final = 1275
"""The longest Opus packet of one frame, in bytes (RFC 6716, 3.4)."""
MAX_PACKET_MS: Final = 120
"""Milliseconds of sound in a packet at most (RFC 6716, 3.2.5)."""

_VOIP: Final = 2048
_SET_BITRATE: Final = 4002
_SET_COMPLEXITY: Final = 4010
_SET_INBAND_FEC: Final = 4012
_SET_LOSS_PERCENT: Final = 4014
_SET_DTX: Final = 4016
_SET_SIGNAL: Final = 4024
_RESET: Final = 4028
_AUTO: Final = -1000
_MUSIC: Final = 3002

_REASONS: Final = {
    -1: "bad argument",
    -2: "buffer too small",
    -3: "internal error",
    -4: "corrupted packet",
    -5: "not implemented",
    -6: "invalid state",
    -7: "out of memory",
}


class OpusError(ValueError):
    """libopus reported an error: `code` is its error code, `doing` is what it was called for."""

    def __init__(self, doing: str, code: int) -> None:
        self.doing = doing
        self.code = code
        super().__init__(f"opus: {doing}: {_REASONS.get(code, f'error {code}')}")


def _library_path() -> str:
    spec = importlib.util.find_spec("opuslib_next")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("libopus.so", "libopus.dylib", "opus.dll"):
            path = Path(folder) / "_native" / name
            if path.exists():
                return str(path)
    path_of_system = ctypes.util.find_library("opus")
    if path_of_system is None:
        raise ImportError("libopus is missing: install the package opuslib-next-bundled")
    return path_of_system


def _load() -> ctypes.PyDLL:
    lib = ctypes.PyDLL(_library_path())
    c_int, pointer = ctypes.c_int, ctypes.c_void_p
    lib.opus_encoder_create.argtypes = [ctypes.c_int32, c_int, c_int, ctypes.POINTER(c_int)]
    lib.opus_encoder_create.restype = pointer
    lib.opus_encoder_get_size.argtypes = [c_int]
    lib.opus_encoder_destroy.argtypes = [pointer]
    lib.opus_encoder_destroy.restype = None
    lib.opus_encode.argtypes = [pointer, pointer, c_int, pointer, ctypes.c_int32]
    lib.opus_decoder_create.argtypes = [ctypes.c_int32, c_int, ctypes.POINTER(c_int)]
    lib.opus_decoder_create.restype = pointer
    lib.opus_decoder_destroy.argtypes = [pointer]
    lib.opus_decoder_destroy.restype = None
    lib.opus_decode.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int32, pointer, c_int, c_int]
    lib.opus_repacketizer_create.argtypes = []
    lib.opus_repacketizer_create.restype = pointer
    lib.opus_repacketizer_destroy.argtypes = [pointer]
    lib.opus_repacketizer_destroy.restype = None
    lib.opus_repacketizer_init.argtypes = [pointer]
    lib.opus_repacketizer_init.restype = pointer
    lib.opus_repacketizer_cat.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int32]
    lib.opus_repacketizer_out.argtypes = [pointer, pointer, ctypes.c_int32]
    lib.opus_repacketizer_out.restype = ctypes.c_int32
    lib.opus_packet_get_nb_samples.argtypes = [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]
    return lib


_LIB: Final = _load()  # at import, because the first call may be in the middle of a tick


def packet_samples(packet: bytes, rate: int = RATE) -> int:
    """The number of samples per channel that a packet decodes to at `rate` (Hz). Raises `OpusError` when it is not Opus."""
    if not packet:
        raise OpusError("measure", -4)
    samples = int(_LIB.opus_packet_get_nb_samples(packet, len(packet), rate))
    if samples <= 0:
        raise OpusError("measure", samples or -4)
    return samples


class Encoder:
    """One encoder state for speech (application `voip`, VBR).

    `rate` is in Hz; `bitrate` in bits per second; `complexity` 0 to 10 (DTX on faint noise needs 8); `fec` adds a coarse copy of the
    previous frame when `expected_loss` (percent) is above 0; with `dtx` a frame of silence takes one or two bytes. Raises `OpusError`.
    """

    def __init__(
        self,
        rate: int = RATE,
        channels: int = 1,
        bitrate: int = 32_000,
        complexity: int = 8,
        fec: bool = True,
        dtx: bool = False,
        expected_loss: int = 0,
    ) -> None:
        lib, code = _LIB, ctypes.c_int()
        self._state = lib.opus_encoder_create(rate, channels, _VOIP, ctypes.byref(code))
        if not self._state:
            raise OpusError("make an encoder", code.value)
        weakref.finalize(self, lib.opus_encoder_destroy, self._state)
        self._samples = rate // 50
        self._size = lib.opus_encoder_get_size(channels)
        self._pcm: Pcm = np.zeros(self._samples * channels, np.int16)
        self._pcm_at = self._pcm.ctypes.data
        self._out = ctypes.create_string_buffer(MAX_PACKET)
        self._out_at = ctypes.addressof(self._out)
        self._encode = lib.opus_encode
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, complexity),
            (_SET_INBAND_FEC, int(fec)),
            (_SET_DTX, int(dtx)),
            (_SET_LOSS_PERCENT, expected_loss),
        ):
            self._control(request, value)

    def encode(self, pcm: Pcm) -> bytes:
        """Encode one frame (`pcm: int16[rate / 50 * channels]`) to one packet. Raises ValueError for another length, `OpusError` when
        libopus fails."""
        self._pcm[:] = pcm
        length = self._encode(self._state, self._pcm_at, self._samples, self._out_at, MAX_PACKET)
        if length < 0:
            raise OpusError("encode", length)
        return ctypes.string_at(self._out_at, length)

    def expect_loss(self, percent: int) -> None:
        """Set the expected packet loss in percent, 0 to 100. The higher it is, the more of each packet goes to the copy of the previous
        frame (FEC)."""
        self._control(_SET_LOSS_PERCENT, min(100, max(0, percent)))

    def work(self, complexity: int, as_music: bool = False) -> None:
        """Set the complexity (0 to 10) from the next frame on; the change is not audible. `as_music` encodes everything, also speech, in
        CELT mode, unless a high loss requires FEC; otherwise libopus chooses the mode by the signal."""
        self._control(_SET_COMPLEXITY, complexity)
        self._control(_SET_SIGNAL, _MUSIC if as_music else _AUTO)

    def follow(self, other: Encoder) -> None:
        """Copy the settings and the whole state of `other`. A decoder of its packets can continue with packets of this encoder without an
        audible change. Raises ValueError when rate or number of channels differ."""
        if (self._size, self._samples) != (other._size, other._samples):
            raise ValueError("encoders with different rates or numbers of channels")
        ctypes.memmove(self._state, other._state, self._size)  # opus.h: a shallow copy is enough

    def reset(self) -> None:
        """Reset the state to that of a new encoder with the same settings."""
        self._control(_RESET, 0)

    def _control(self, request: int, value: int) -> None:
        code = _LIB.opus_encoder_ctl(ctypes.c_void_p(self._state), ctypes.c_int(request), ctypes.c_int32(value))
        if code < 0:
            raise OpusError(f"set option {request}", code)


class Repacketizer:
    """Merges the frames of several packets into one packet, without encoding again (RFC 6716, 3.2). Raises `OpusError`."""

    def __init__(self) -> None:
        self._state = _LIB.opus_repacketizer_create()
        if not self._state:
            raise OpusError("make a repacketizer", -7)
        weakref.finalize(self, _LIB.opus_repacketizer_destroy, self._state)
        self._out = ctypes.create_string_buffer(MAX_PACKET)
        self._out_at = ctypes.addressof(self._out)

    @staticmethod
    def fits(one: bytes, other: bytes) -> bool:
        """Whether two packets can be merged: the same mode, bandwidth, frame length and channels."""
        return one[0] >> 2 == other[0] >> 2

    def merge(self, packets: Sequence[bytes]) -> bytes:
        """Merge packets into one of at most `MAX_PACKET` bytes and 120 ms. Raises `OpusError` when they are of different kinds or the
        result is too large."""
        state, lib = self._state, _LIB
        lib.opus_repacketizer_init(state)
        for packet in packets:  # libopus keeps pointers into them until `out`
            code = lib.opus_repacketizer_cat(state, packet, len(packet))
            if code < 0:
                raise OpusError("merge", code)
        length = lib.opus_repacketizer_out(state, self._out_at, MAX_PACKET)
        if length < 0:
            raise OpusError("merge", length)
        return ctypes.string_at(self._out_at, length)


class Decoder:
    """One decoder state. `rate` is in Hz: `Decoder(16_000)` decodes directly to 16 kHz, as speech recognisers need. Raises `OpusError`."""

    def __init__(self, rate: int = RATE, channels: int = 1) -> None:
        lib, code = _LIB, ctypes.c_int()
        self._state = lib.opus_decoder_create(rate, channels, ctypes.byref(code))
        if not self._state:
            raise OpusError("make a decoder", code.value)
        weakref.finalize(self, lib.opus_decoder_destroy, self._state)
        self._channels = channels
        self._frame = rate // 50
        self._most = rate * MAX_PACKET_MS // 1000
        self._pcm: Pcm = np.zeros(self._most * channels, np.int16)
        self._pcm_at = self._pcm.ctypes.data
        self._decode = lib.opus_decode

    def decode(self, packet: bytes) -> Pcm:
        """Decode one packet of 2.5 to 120 ms to `int16[n * channels]`. Raises `OpusError` when it is not Opus."""
        if not packet:
            raise OpusError("decode", -4)
        return self._run(packet, len(packet), self._most, 0)

    def conceal(self, samples: int | None = None) -> Pcm:
        """Conceal a lost packet (PLC) of `samples` per channel, a multiple of 2.5 ms, by default one frame. Returns
        `int16[samples * channels]`. Raises `OpusError`."""
        return self._run(None, 0, self._frame if samples is None else samples, 0)

    def recover(self, packet: bytes, samples: int | None = None) -> Pcm:
        """Restore the lost packet before `packet` from the coarse copy inside `packet` (FEC), or conceal it if there is no copy.

        `samples` per channel is the length of the lost packet, by default one frame. Decode `packet` itself afterwards. Raises `OpusError`.
        """
        if not packet:
            raise OpusError("recover", -4)
        return self._run(packet, len(packet), self._frame if samples is None else samples, 1)

    def _run(self, packet: bytes | None, length: int, samples: int, fec: int) -> Pcm:
        if not 0 < samples <= self._most:
            raise OpusError("decode", -1)
        count = self._decode(self._state, packet, length, self._pcm_at, samples, fec)
        if count < 0:
            raise OpusError("decode", count)
        return self._pcm[: count * self._channels].copy()
