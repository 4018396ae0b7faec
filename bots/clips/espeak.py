"""espeak-ng through its C interface (`libespeak-ng.so.1`): speech with the time of every word. Used only to make the clips."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

_WORD = 1
_SYNCHRONOUS = 2  # hand the sound to the callback instead of a sound card
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_: ClassVar[Any] = [("number", ctypes.c_int), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_: ClassVar[Any] = [
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Voice:
    """An espeak-ng voice: words per minute, pitch and pitch range (both 0 to 99)."""

    name: str
    wpm: int
    pitch: int
    range: int = 50


class Espeak:
    """The engine. Make only one in a process, since the C library has global state. Raises OSError when it does not start."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = int(self._lib.espeak_Initialize(_SYNCHRONOUS, 0, None, 0))
        if self.rate <= 0:
            raise OSError("espeak-ng does not start")
        self._pcm: list[npt.NDArray[np.int16]] = []
        self._words: list[tuple[int, int]] = []
        self._callback = _Callback(self._collect)  # kept, so that it lives as long as the library may call it
        self._lib.espeak_SetSynthCallback(self._callback)

    def _collect(self, pcm: Any, count: int, events: Any) -> int:
        if count > 0 and pcm:
            self._pcm.append(np.ctypeslib.as_array(pcm, (count,)).copy())
        index = 0
        while events[index].type:
            if events[index].type == _WORD and events[index].text_position > 0:  # 0 marks the end of some sentences
                self._words.append((events[index].sample, events[index].text_position - 1))
            index += 1
        return 0

    def say(self, text: str, voice: Voice) -> tuple[npt.NDArray[np.float64], list[tuple[int, int]]]:
        """Speech as float[n] at `self.rate`, and (first sample, first character) of each word. Raises ValueError for an unknown voice."""
        self._pcm, self._words = [], []
        if self._lib.espeak_SetVoiceByName(voice.name.encode()):
            raise ValueError(f"espeak-ng has no voice {voice.name}")
        for parameter, value in ((_RATE, voice.wpm), (_PITCH, voice.pitch), (_RANGE, voice.range)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        raw = text.encode()
        self._lib.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, _UTF8, None, None)
        self._lib.espeak_Synchronize()
        return np.concatenate(self._pcm) / 32768.0, list(self._words)
