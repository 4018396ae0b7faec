"""The models in a data folder (`DATA/models/NAME/`), with the checksums of their archives beside them."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spacesctl.domain.errors import Invalid, NotFound, Refused
from spacesctl.models.catalogue import checked_name, known
from spacesctl.models.fetch import Progress, fetch
from spacesctl.models.layout import WANTED, engine_of
from spacesctl.models.unpack import unpack

SUMS = "checksums.json"

Trust = Literal["given", "shipped", "recorded", "first"]
"""Where the expected checksum of an archive came from. `first`: there was none, and this one is recorded now."""


def is_model(path: Path) -> bool:
    """Whether the folder is a model of an engine that is known."""
    return engine_of(path) is not None


@dataclass(frozen=True)
class Pulled:
    """A model that was downloaded. `sha256` is that of its archive, in hex."""

    name: str
    path: Path
    sha256: str
    trust: Trust


class Shelf:
    """The models in the data folder `data`."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "models"

    def names(self) -> list[str]:
        """The names of the models that are here, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(each.name for each in self.folder.iterdir() if not each.name.startswith(".") and is_model(each))

    def path(self, name: str) -> Path:
        """The folder of a model. Raises NotFound, or Invalid for a name that is not safe."""
        found = self.folder / checked_name(name)
        if not is_model(found):
            raise NotFound("model", name)
        return found

    def pull(
        self, name: str, *, url: str | None = None, sha256: str | None = None, progress: Progress = lambda a, b: None
    ) -> Pulled:
        """Download, check and unpack a model. Raises Invalid, NotFound, Refused or Unavailable; the folder is unchanged then."""
        one = known(checked_name(name))
        if url is None and one is None:
            raise Invalid("NAME", f"{name} is not in the catalogue", hint="give its --url")
        if is_model(self.folder / name):
            raise Refused("have_it", f"the model {name} is here already", hint=f"remove {self.folder / name} first")
        expected, trust = self._expected(name, sha256)
        self._keep_private()
        self.folder.mkdir(parents=True, exist_ok=True)
        archive = self.folder / f".{name}.zip"
        found = fetch(url or (one.url if one else ""), archive, progress)
        try:
            if expected is not None and found != expected:
                raise Refused("checksum", f"the archive's SHA-256 is {found}, not {expected} ({trust}); it was deleted")
            self._unpack(archive, name)
        finally:
            archive.unlink(missing_ok=True)
        self._record(name, found)
        return Pulled(name, self.folder / name, found, trust)

    def _keep_private(self) -> None:
        """What lies in a data folder is its owner's alone; what an administrator puts there must be readable for the server's own user."""
        data = self.folder.parent
        if data.exists() and data.stat().st_uid == os.geteuid():
            os.umask(0o077)

    def _expected(self, name: str, given: str | None) -> tuple[str | None, Trust]:
        if given is not None:
            if len(given) != 64 or any(c not in "0123456789abcdef" for c in given.lower()):
                raise Invalid("--sha256", "is 64 hexadecimal digits")
            return given.lower(), "given"
        one = known(name)
        if one is not None and one.sha256 is not None:
            return one.sha256, "shipped"
        recorded = self._sums().get(name)
        return (recorded, "recorded") if recorded else (None, "first")

    def _unpack(self, archive: Path, name: str) -> None:
        """The model is the archive's only folder, or the archive itself."""
        aside = self.folder / f".{name}.new"
        shutil.rmtree(aside, ignore_errors=True)
        unpack(archive, aside)
        try:
            inside = [aside, *(each for each in aside.iterdir() if each.is_dir())]
            model = next((each for each in inside if is_model(each)), None)
            if model is None:
                raise Invalid(name, f"has no model inside ({WANTED})")
            model.replace(self.folder / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _sums(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.folder / SUMS).read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise Invalid(
                str(self.folder / SUMS), "is not valid JSON", hint="remove it to trust the next archive"
            ) from error
        return found

    def _record(self, name: str, sha256: str) -> None:
        new = self.folder / f"{SUMS}.new"
        new.write_text(json.dumps({**self._sums(), name: sha256}, indent=1, sort_keys=True) + "\n")
        new.replace(self.folder / SUMS)
