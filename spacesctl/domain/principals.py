"""Who acts: a person, a rule in a host's name, or the system itself. The audit log names one of them for each change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from spacesctl.domain.accounts import Credential
from spacesctl.domain.words import Kind, Scope


@dataclass(frozen=True)
class Principal:
    """The base of all that act. `kind` is the stable name in the audit log."""

    kind_of_principal: ClassVar[str]

    @property
    def account_id(self) -> str | None:
        """The account whose act it is; None for the system and for callers who are not signed in."""
        return None

    @property
    def stands_for(self) -> str | None:
        """The account in whose name it acts: a rule's host, a person's own."""
        return self.account_id

    @property
    def is_admin(self) -> bool:
        return False

    @property
    def is_service_bot(self) -> bool:
        return False


@dataclass(frozen=True)
class Person(Principal):
    """Who makes a request: an account with the scopes of its credential, or nobody signed in (`ANONYMOUS`)."""

    kind_of_principal = "person"
    account_id: str | None = None
    handle: str = ""
    kind: Kind = Kind.PERSON
    scopes: frozenset[Scope] = frozenset()
    credential: Credential | None = field(default=None, compare=False)

    @property
    def is_admin(self) -> bool:
        return Scope.ADMIN in self.scopes

    @property
    def is_service_bot(self) -> bool:
        return Scope.BOT in self.scopes


@dataclass(frozen=True)
class Rule(Principal):
    """The rule `id` of the host `for_host`; the bot `bot_id` found that it applies."""

    kind_of_principal = "rule"
    id: str
    for_host: str
    bot_id: str

    @property
    def account_id(self) -> str | None:
        return self.bot_id

    @property
    def stands_for(self) -> str | None:
        return self.for_host

    @property
    def is_service_bot(self) -> bool:
        return True


@dataclass(frozen=True)
class System(Principal):
    """The server itself. `reason` says what made it act: `schedule`, `duration`, `empty`, `host_gone`, `disconnected`, ..."""

    kind_of_principal = "system"
    reason: str


ANONYMOUS = Person()


def described(by: Principal) -> dict[str, str | None]:
    """Who acted, as JSON values: `kind` and its `id` (person), `id`, `for_host` and `bot_id` (rule) or `reason` (system)."""
    match by:
        case Rule(id, for_host, bot_id):
            facts: dict[str, str | None] = {"id": id, "for_host": for_host, "bot_id": bot_id}
        case System(reason):
            facts = {"reason": reason}
        case _:
            facts = {"id": by.account_id}
    return {"kind": by.kind_of_principal, **facts}
