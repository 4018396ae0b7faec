"""Opus, the only file that touches libopus.

The shared library inside the package `opuslib_next` is bound by `ctypes.PyDLL`: a call keeps the interpreter lock, because
an encode of 0.1 ms is cheaper than handing the lock over and waiting for it back. Buffers are made once per codec state.
Sound is int16 mono (or interleaved, for two channels); a *frame* is 20 ms, 960 samples at 48 kHz (RFC 6716).
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
FRAME: Final = 960
"""Samples of 20 ms at 48 kHz."""
MAX_PACKET: Final = 1275
"""The longest Opus packet of one frame, in bytes (RFC 6716, 3.4)."""
MAX_PACKET_MS: Final = 120
"""No packet holds more sound than this (RFC 6716, 3.2.5)."""

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
    """libopus refused: `code` is its error code, `doing` what was asked of it."""

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


_LIB: Final = _load()  # here, not at the first call: that would be in the middle of a tick


def packet_samples(packet: bytes, rate: int = RATE) -> int:
    """How many samples per channel a packet decodes to at `rate`. Raises `OpusError` for what is not Opus."""
    if not packet:
        raise OpusError("measure", -4)
    samples = int(_LIB.opus_packet_get_nb_samples(packet, len(packet), rate))
    if samples <= 0:
        raise OpusError("measure", samples or -4)
    return samples


class Encoder:
    """One encoder state for speech (application `voip`, VBR).

    `bitrate` in bits a second; `complexity` 0 to 10 (DTX on faint noise needs 8); `fec` adds a coarse copy of the frame
    before once `expected_loss` (percent) is above 0; with `dtx` silence costs one or two bytes a frame.
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
        """One frame (`pcm: int16[rate / 50 * channels]`) to one packet. Raises ValueError for another length."""
        self._pcm[:] = pcm
        length = self._encode(self._state, self._pcm_at, self._samples, self._out_at, MAX_PACKET)
        if length < 0:
            raise OpusError("encode", length)
        return ctypes.string_at(self._out_at, length)

    def expect_loss(self, percent: int) -> None:
        """How much of what is sent gets lost, 0 to 100: the more, the more of each packet repeats the one before."""
        self._control(_SET_LOSS_PERCENT, min(100, max(0, percent)))

    def work(self, complexity: int, as_music: bool = False) -> None:
        """How hard it tries from the next frame on, which follows the one before without a seam. `as_music` codes the whole spectrum by
        its lines (CELT), also speech, unless a heavy loss calls for copies (FEC); else libopus decides by what it hears."""
        self._control(_SET_COMPLEXITY, complexity)
        self._control(_SET_SIGNAL, _MUSIC if as_music else _AUTO)

    def follow(self, other: Encoder) -> None:
        """Become what `other` is, settings and sound so far: a decoder of its packets decodes this one's from now on without a seam.
        ValueError when the two are for another rate or number of channels."""
        if (self._size, self._samples) != (other._size, other._samples):
            raise ValueError("encoders of another kind")
        ctypes.memmove(self._state, other._state, self._size)  # opus.h: a shallow copy is enough

    def reset(self) -> None:
        """Forget all sound so far, as a fresh encoder with the same settings."""
        self._control(_RESET, 0)

    def _control(self, request: int, value: int) -> None:
        code = _LIB.opus_encoder_ctl(ctypes.c_void_p(self._state), ctypes.c_int(request), ctypes.c_int32(value))
        if code < 0:
            raise OpusError(f"set option {request}", code)


class Repacketizer:
    """Puts the frames of several packets into one, without touching their sound (RFC 6716, 3.2)."""

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
        """One packet of at most `MAX_PACKET` bytes and 120 ms. Raises `OpusError` when they do not fit together, or not in."""
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
    """One decoder state. `Decoder(16_000)` decodes straight to 16 kHz, which is what recognisers want."""

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
        """One packet of 2.5 to 120 ms to `int16[n * channels]`. Raises `OpusError` when it is not Opus."""
        if not packet:
            raise OpusError("decode", -4)
        return self._run(packet, len(packet), self._most, 0)

    def conceal(self, samples: int | None = None) -> Pcm:
        """Sound in place of a lost packet of `samples` per channel (default one frame), a multiple of 2.5 ms."""
        return self._run(None, 0, self._frame if samples is None else samples, 0)

    def recover(self, packet: bytes, samples: int | None = None) -> Pcm:
        """The lost packet before `packet`, from the coarse copy inside it (FEC), or concealed where it has none.

        `samples` is the length of what was lost, default one frame. Decode `packet` itself afterwards.
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
