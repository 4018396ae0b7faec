"""What happens to people in a Space: roles, invitations, requests to speak, microphones."""

from __future__ import annotations

from spacesctl.api.wire import UNSET, Answer, Time, UnsetType
from spacesctl.domain.words import InviteState, Role


class SentInvite(Answer, frozen=True, kw_only=True):
    """An invitation of an account; the account `by_id` sent it."""

    account_id: str
    role: Role
    state: InviteState
    by_id: str


class Invited(Answer, frozen=True, kw_only=True):
    """An account was invited to speak or to co-host, with a `message`."""

    invite: SentInvite
    message: str = ""


class InviteAnswered(Answer, frozen=True, kw_only=True):
    """An invitation was accepted, declined or revoked."""

    account_id: str
    state: InviteState


class HandRaised(Answer, frozen=True, kw_only=True):
    """A listener asked to speak, about a `topic`, with a `note` for the staff and the id of a voice clip; or changed these."""

    account_id: str
    topic: str = ""
    note: str = ""
    voice: str | None = None


class HandLowered(Answer, frozen=True, kw_only=True):
    """A request to speak ended. `outcome` is `approved`, `denied`, `withdrawn` or `ended` (with the Space)."""

    account_id: str
    outcome: str


class RoleChanged(Answer, frozen=True, kw_only=True):
    """An account got another role. `demoted`: somebody else took its role away."""

    account_id: str
    role: Role
    demoted: bool | UnsetType = UNSET


class HostChanged(Answer, frozen=True, kw_only=True):
    """Another account became host; `before_id`, the previous host, stays as a co-host. `reason` is `handed_over`, `host_gone`,
    `returned` (the host who had left is back), `suspended` or `deleted` (the previous host, who does not stay then).
    """

    account_id: str
    before_id: str
    reason: str | UnsetType = UNSET


class HostWentAway(Answer, frozen=True, kw_only=True):
    """The host left. Unless they are back by `until`, a co-host takes over."""

    account_id: str
    until: Time | UnsetType = UNSET


class HostBack(Answer, frozen=True, kw_only=True):
    """The host is there again."""

    account_id: str


class HostLeft(Answer, frozen=True, kw_only=True):
    """The host stayed away, and no co-host is there. All microphones are closed. Unless one of them comes, the Space ends at `ends_at`."""

    account_id: str
    ends_at: Time


class LaneOpened(Answer, frozen=True, kw_only=True):
    """A microphone session began."""

    account_id: str
    lane: int
    mic_open: bool


class LaneClosed(Answer, frozen=True, kw_only=True):
    """A microphone session ended. `reason`: `left`, `replaced`, `demoted`, `kicked`, `blocked`, `ended`, `restarted`, `host_gone`,
    `suspended`, `deleted`."""

    account_id: str
    lane: int
    reason: str | UnsetType = UNSET


class MicChanged(Answer, frozen=True, kw_only=True):
    """A microphone was opened or closed within its session."""

    account_id: str
    open: bool
