"""vosk models that are known by name. Their makers publish them at one address, as zip files of one folder each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spacesctl.domain.errors import Invalid

HOME = "https://alphacephei.com/vosk/models/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Known:
    """`megabytes` is about how much comes over the wire; `sha256` only where it could be confirmed from several sources."""

    name: str
    lang: str
    megabytes: int
    note: str = ""
    sha256: str | None = None

    @property
    def url(self) -> str:
        return f"{HOME}{self.name}.zip"


CATALOGUE = (
    Known(
        "vosk-model-small-en-us-0.15",
        "en-us",
        41,
        "light, for commands and clear speech",
        "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
    ),
    Known("vosk-model-en-us-0.22-lgraph", "en-us", 131, "better, its words can be changed; a good start for a server"),
    Known("vosk-model-en-us-0.22", "en-us", 1_800, "the most exact English one; wants 6 GB of memory a worker"),
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
)


def known(name: str) -> Known | None:
    return next((one for one in CATALOGUE if one.name == name), None)


def checked_name(name: str) -> str:
    """A name that is safe as a folder's. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid("NAME", f"{name!r} is no model's name", hint="`spacesctl models list` shows those that are known")
    return name
