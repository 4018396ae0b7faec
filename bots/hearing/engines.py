"""The speech engines: which one a model is for, and what that can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bots.hearing import sherpa_recogniser, vosk_recogniser
from bots.hearing.recogniser import Capabilities, Recogniser
from spacesctl.models.layout import engine_of


def load(path: Path) -> Callable[[], Recogniser]:
    """Load a model once; the function returned makes a recogniser for each lane. Raises ModelError."""
    return sherpa_recogniser.load(path) if engine_of(path) == "sherpa-onnx" else vosk_recogniser.load(path)


def capabilities(path: Path) -> Capabilities:
    """What the engine of this model can do; nothing is loaded."""
    is_sherpa = engine_of(path) == "sherpa-onnx"
    return sherpa_recogniser.CAPABILITIES if is_sherpa else vosk_recogniser.CAPABILITIES
