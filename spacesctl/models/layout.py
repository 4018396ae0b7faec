"""Which engine a model folder is for, by what lies in it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Engine = Literal["vosk", "sherpa-onnx"]
PARTS = ("encoder", "decoder", "joiner")
"""The networks of a streaming transducer of sherpa-onnx: an `.onnx` file each, beside `tokens.txt`."""
WANTED = "no am/final.mdl, no final.mdl; no tokens.txt with encoder, decoder and joiner"


def engine_of(path: Path) -> Engine | None:
    """The engine; None: it is no model. vosk models have two layouts, both of which libvosk loads."""
    if (path / "am" / "final.mdl").is_file() or (path / "final.mdl").is_file():
        return "vosk"
    if (path / "tokens.txt").is_file() and all(network(path, part) for part in PARTS):
        return "sherpa-onnx"
    return None


def network(path: Path, part: str) -> Path | None:
    """The file of one of the `PARTS`. Of several that with 8-bit numbers, which is faster; the decoder is small, and better without."""
    found = sorted(path.glob(f"{part}*.onnx"))
    return min(
        found, key=lambda each: (each.name.endswith(".int8.onnx") is (part == "decoder"), each.name), default=None
    )
