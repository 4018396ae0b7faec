"""The models that are known by name. Their makers publish each as an archive of one folder, all of an engine below one address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spacesctl.domain.errors import Invalid

HOME = "https://alphacephei.com/vosk/models/"
SHERPA = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models/"
"""Where those of sherpa-onnx are, as tar files packed with bzip2."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Known:
    """A model of the catalogue. `megabytes` is the approximate download; `sha256` is given if several sources confirm it."""

    name: str
    lang: str
    megabytes: int
    note: str = ""
    sha256: str | None = None

    @property
    def url(self) -> str:
        """The address of the archive."""
        return f"{SHERPA}{self.name}.tar.bz2" if self.name.startswith("sherpa-onnx-") else f"{HOME}{self.name}.zip"


CATALOGUE = (
    Known(
        "vosk-model-small-en-us-0.15",
        "en-us",
        41,
        "light, for commands and clear speech",
        "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
    ),
    Known("vosk-model-en-us-0.22-lgraph", "en-us", 131, "better, its words can be changed; a good start for a server"),
    Known("vosk-model-en-us-0.22", "en-us", 1_800, "the most accurate English one; needs 6 GB of memory per worker"),
    Known("vosk-model-small-en-in-0.4", "en-in", 36),
    Known("vosk-model-small-cn-0.22", "zh", 44),
    Known("vosk-model-small-de-0.15", "de", 45),
    Known("vosk-model-small-es-0.42", "es", 39),
    Known("vosk-model-small-fr-0.22", "fr", 41),
    Known("vosk-model-small-hi-0.22", "hi", 42),
    Known("vosk-model-small-it-0.22", "it", 48),
    Known("vosk-model-small-ja-0.22", "ja", 48),
    Known("vosk-model-small-nl-0.22", "nl", 39),
    Known("vosk-model-small-pt-0.3", "pt", 31),
    Known("vosk-model-small-ru-0.22", "ru", 45),
    Known(
        "sherpa-onnx-streaming-zipformer-en-20M-2023-02-17",
        "en",
        122,
        "of another engine: pip install 'spacesctl[sherpa]'; no confidence, so no rules that ask for one",
        "9c559283e8498d3fe95913c79ca1cb454bb26281ac2b102b41306c7d752765d9",
    ),
)


def known(name: str) -> Known | None:
    """The model of the catalogue with this name, or None."""
    return next((one for one in CATALOGUE if one.name == name), None)


def checked_name(name: str) -> str:
    """Return `name` if it is safe as a folder name. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            "NAME", f"{name!r} is not a model name", hint="`spacesctl models list` shows those that are known"
        )
    return name
