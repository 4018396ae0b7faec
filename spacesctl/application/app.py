"""What every use case works with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.challenges import Challenges
from spacesctl.application.clip_files import ClipFiles
from spacesctl.application.later_cuts import LaterCuts
from spacesctl.application.passwords import Passwords
from spacesctl.application.suspension_watch import SuspensionWatch
from spacesctl.application.token_watch import TokenWatch
from spacesctl.compiling.compiler import Compiler
from spacesctl.domain.accounts import Account
from spacesctl.domain.principals import Person
from spacesctl.domain.series import Series
from spacesctl.domain.words import SignUp
from spacesctl.live.registry import SpaceRegistry
from spacesctl.store.checkpoints import Checkpoints
from spacesctl.store.ports import Database
from spacesctl.support.clock import Clock


@dataclass
class App:
    """The server without its routes. `base_url` is its public address, without a slash at the end."""

    db: Database
    registry: SpaceRegistry
    data: Path
    bot: Account
    """The bundled bot's account."""
    base_url: str
    wake: Callable[[Series], None] = field(default=lambda series: None, kw_only=True)
    """Called with each series that plans an occurrence: sets the alarm clock."""

    compiler: Compiler = field(default_factory=Compiler, kw_only=True)
    """Compiles rule files in child processes."""
    tokens: TokenWatch = field(default_factory=TokenWatch, kw_only=True)
    challenges: Challenges = field(default_factory=Challenges, kw_only=True)
    """Of passkeys."""

    passwords: Passwords = field(default_factory=Passwords, kw_only=True)
    sign_up: SignUp = field(default=SignUp.INVITATION, kw_only=True)
    """Who may make an account."""

    suspensions: SuspensionWatch = field(default_factory=SuspensionWatch, kw_only=True)
    later_cuts: LaterCuts = field(default_factory=LaterCuts, kw_only=True)
    clip_files: ClipFiles = field(init=False)
    checkpoints: Checkpoints = field(init=False)
    """Of the audit log; beside the data folder unless another place is set."""

    verifying: asyncio.Lock = field(default_factory=asyncio.Lock, kw_only=True)
    """Held while the audit log is read from its beginning."""

    def __post_init__(self) -> None:
        self.checkpoints = Checkpoints.beside(self.data)
        self.clip_files = ClipFiles(self.clips)

    @asynccontextmanager
    async def begin(self, person: Person) -> AsyncIterator[AsyncConnection]:
        """A writing transaction of a person's request. Raises NotSignedIn when the token was revoked since it was checked: revocations are
        remembered before they are committed, and writers take turns."""
        async with self.db.begin() as db:
            self.registry.revocations.require(person)
            yield db

    @property
    def clock(self) -> Clock:
        """The one clock of this server."""
        return self.registry.clock

    @property
    def clips(self) -> Path:
        """The folder of evidence clips."""
        return self.data / "evidence"

    def may_keep(self, cause: Person, size: int) -> bool:
        """Whether evidence of `size` bytes may be written because of this person; counts it."""
        return True

    def mark(self, text: str) -> str:
        """A keyed hash of a text: the data folder's key makes it, and no other."""
        raise NotImplementedError

    def link(self, space_id: str) -> str:
        """The public address of a Space's page."""
        return f"{self.base_url}/s/{space_id}"
