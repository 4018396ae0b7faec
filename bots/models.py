"""Which speech model is used, and which words it can produce.

The first of these that is given: `--model`, the setting `model`, a model in the data folder's `models/`, the small model shipped with the
project.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacesctl.models.layout import WANTED, engine_of
from spacesctl.models.shelf import Shelf, is_model

SHIPPED: Final = Path(__file__).parent / "model"
SHIPPED_NAME: Final = "shipped-tiny"
SHIPPED_NOTICE: Final = (
    "captions come from the small model shipped for tests and demos: it understands only its synthetic voices, not people; "
    "`spacesctl models list` shows real ones to fetch"
)

_SYMBOLS: Final = struct.pack("<i", 2125658996)
"""The first bytes of an OpenFst symbol table (`kSymbolTableMagicNumber`)."""
_MAX_WORD = 1024
"""Bytes of a word; a longer one means that this is not a symbol table."""


class ModelError(Exception):
    """A model cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Model:
    """A model folder, its name for people, and a notice about its limits (None: no notice)."""

    path: Path
    name: str
    notice: str | None = None


def find(asked: Path | None = None, setting: Path | None = None, data: Path | None = None) -> Model:
    """The model to use. Raises ModelError when the folder in `asked` or `setting` is not a model: no other is used in its place."""
    for chosen in (asked, setting):
        if chosen is not None:
            _require(chosen)
            return _model(chosen)
    if data is not None and (here := Shelf(data).names()):
        return _model(Shelf(data).path(here[0]))
    _require(SHIPPED)
    return _model(SHIPPED)


def vocabulary(path: Path) -> set[str]:
    """Every word that the model in this folder can produce; none for one of sherpa-onnx, which spells any.

    Read from `graph/words.txt`. Models with a look-ahead graph have no such file: there, from the symbol table inside the graph.
    Raises ModelError when it finds neither, or there is no such folder.
    """
    if not path.is_dir():
        _require(path)
    if engine_of(path) == "sherpa-onnx":
        return set()
    for listed in (path / "graph" / "words.txt", path / "words.txt"):
        if listed.is_file():
            found = (line.split(maxsplit=1)[0] for line in listed.read_text("utf-8").splitlines() if line.strip())
            return {word for word in found if _is_word(word)}
    for graph in (path / "graph" / "Gr.fst", path / "Gr.fst"):
        if graph.is_file() and (words := _symbols(graph.read_bytes())):
            return {word for word in words if _is_word(word)}
    raise ModelError(
        f"the model in {path} does not say which words it knows; it has neither words.txt nor a graph with symbols"
    )


def _is_word(symbol: str) -> bool:
    return not symbol.startswith(("<", "#", "["))


def _symbols(data: bytes) -> list[str]:
    """The words of the first symbol table inside an OpenFst file, or [] when it has none or it is damaged.

    Its layout is name, next key, count, then (text, key) pairs, little-endian.
    """
    at = data.find(_SYMBOLS)
    if at < 0:
        return []
    try:
        at += 4
        at += 4 + struct.unpack_from("<i", data, at)[0]
        (count,) = struct.unpack_from("<q", data, at + 8)
        at += 16
        words: list[str] = []
        for _ in range(count):
            (length,) = struct.unpack_from("<i", data, at)
            if not 0 <= length <= _MAX_WORD:
                return []
            words.append(data[at + 4 : at + 4 + length].decode())
            at += 4 + length + 8
    except (struct.error, UnicodeDecodeError):
        return []
    return words


def _require(path: Path) -> None:
    if not is_model(path):
        problem = f"is not a model ({WANTED})" if path.is_dir() else "does not exist"
        raise ModelError(
            f"the model folder {path} {problem}; give the folder of an unpacked model of vosk or sherpa-onnx"
        )


def _model(path: Path) -> Model:
    if path.resolve() == SHIPPED.resolve():
        return Model(path, SHIPPED_NAME, SHIPPED_NOTICE)
    return Model(path, path.resolve().name)
