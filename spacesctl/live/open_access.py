"""What people have open in one Space, sound and event streams: it ends when they may no longer have it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from spacesctl.domain.admission import Access, kept_out, refusal
from spacesctl.domain.errors import Gone, NotSignedIn, SpacesError
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.live.attendance import Attendance
from spacesctl.live.connections import Connections
from spacesctl.live.hub import Hub
from spacesctl.live.recent_blocks import RecentBlocks
from spacesctl.live.revocations import Revocations
from spacesctl.live.sessions import Session


class OpenAccess:
    """Owned by the Space's actor. `revocations` and `blocks` are those of the whole server."""

    def __init__(
        self,
        space: Callable[[], Space],
        hub: Hub,
        connections: Connections,
        arrived: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`arrived` is called with each account that was not there before."""
        self._arrived = arrived
        self._space = space
        self._hub = hub
        self._connections = connections
        self.revocations = Revocations()
        self.blocks = RecentBlocks()
        self.attendance = Attendance()

    def came(self, person: Person) -> None:
        """Somebody is there, with a command, a reaction or a connection."""
        if self._space().is_over:
            return
        if person.account_id is not None and person.account_id not in self.attendance:
            self._arrived(person.account_id)
        self.attendance.came(person.account_id)

    def was_there(self, account_id: str) -> bool:
        """Whether an account was in the Space, as far as it is known here: since the server started, or with a role."""
        return account_id in self.attendance or account_id in self._space().people

    def ends_at_once(self, person: Person, access: Access) -> str | None:
        """For something that is opened now, after it was checked: why it ends at once, or None. Who stays was there."""
        error = self._refused(person, access)
        reason = "revoked" if self.revocations.hit(person) else None if error is None else _why(error)
        if reason is None:
            self.came(person)
        return reason

    def look_again(self, removed: Collection[str]) -> None:
        """After a change: end what people have open who may no longer; `removed` are kept out by a block, or barred."""
        for subscriber in self._hub.subscribers:
            if self._refused(subscriber.person, subscriber.access, removed, is_in=True) is not None:
                subscriber.close()
        for session in list(self._connections.sessions.values()):
            error = self._refused(session.person, session.access, removed, is_in=True)
            if error is not None:
                self._connections.end(self._space(), [session], _why(error))

    def revoked(self, credentials: Collection[str], why: str) -> list[Session]:
        """End what was opened with these credentials (ids): event streams, and sessions, which are returned."""

        def gone(person: Person) -> bool:
            return person.credential is not None and person.credential.id in credentials

        for subscriber in self._hub.subscribers:
            if gone(subscriber.person):
                subscriber.close()
        ended = [session for session in self._connections.sessions.values() if gone(session.person)]
        if ended:
            self._connections.end(self._space(), ended, why)
        return ended

    def _refused(
        self, person: Person, access: Access, removed: Collection[str] = (), *, is_in: bool = False
    ) -> SpacesError | None:
        space = self._space()
        blocked = person.account_id in removed or kept_out(space, person.account_id, self.blocks.pairs)
        return refusal(space, person, access, blocked=blocked, is_in=is_in)


def _why(error: SpacesError) -> str:
    """The reason that a session is told."""
    if error.reason == "locked":
        return "locked"
    return "accounts_only" if isinstance(error, NotSignedIn) else "ended" if isinstance(error, Gone) else "removed"
