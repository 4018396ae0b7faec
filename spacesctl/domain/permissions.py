"""Who may do what in a Space: one table, which everything else reads."""

from __future__ import annotations

from enum import StrEnum

from spacesctl.domain.errors import NotAllowed, NotSignedIn
from spacesctl.domain.principals import Principal, System
from spacesctl.domain.space import Space
from spacesctl.domain.words import InviteState, ListenerPolicy, Role


class Standing(StrEnum):
    """A relation of a caller to a Space. One caller can have several."""

    HOST = "host"
    COHOST = "cohost"
    SPEAKER = "speaker"
    ACCOUNT = "account"
    INVITED = "invited"
    BOT = "bot"
    ADMIN = "admin"
    ANONYMOUS = "anonymous"
    SYSTEM = "system"


class Action(StrEnum):
    """What a caller may do in a Space. Its value is the `reason` of a NotAllowed."""

    START = "start"
    END = "end"
    CANCEL = "cancel"
    EDIT = "edit"
    POLICY = "policy"
    CAPTIONS = "captions"
    CHANGE_CHAT = "change_chat"
    CHAT = "chat"
    TYPE = "type"
    ERASE_OWN_TEXT = "erase_own_text"
    ERASE_TEXT = "erase_text"
    MASK_TEXT = "mask_text"
    RULES = "rules"
    INVITE = "invite"
    PROMOTE = "promote"
    HAND_OVER = "hand_over"
    ANSWER_INVITE = "answer_invite"
    RAISE = "raise"
    SEE_HANDS = "see_hands"
    ANSWER_HAND = "answer_hand"
    MUTE = "mute"
    UNMUTE = "unmute"
    DEMOTE = "demote"
    KICK = "kick"
    OPEN_MIC = "open_mic"
    SET_MIC = "set_mic"
    LISTEN = "listen"
    READ_LANES = "read_lanes"
    POST_CAPTIONS = "post_captions"
    TAKE_ACT = "take_act"
    SEE_STAFF = "see_staff"
    SEE_REPORTS = "see_reports"
    DECIDE_REPORT = "decide_report"
    DECIDE_APPEAL = "decide_appeal"
    REPORT = "report"
    REACT = "react"
    SHARE = "share"
    UNSHARE = "unshare"
    RECORD = "record"
    MISS = "miss"
    REMIND = "remind"
    HOST_GONE = "host_gone"
    TAKE_OUT = "take_out"
    CLOSE_MIC = "close_mic"
    LIFT_EXPIRED = "lift_expired"
    REDACT = "redact"
    COUGH = "cough"
    PANIC = "panic"
    WARN = "warn"
    SLOW = "slow"
    HOLD = "hold"
    LOCK = "lock"
    MISS_REDACTION = "miss_redaction"
    KEEP_EVIDENCE = "keep_evidence"


_STAFF = frozenset({Standing.HOST, Standing.COHOST})

TABLE: dict[Action, frozenset[Standing]] = {
    Action.START: frozenset({Standing.HOST, Standing.ADMIN, Standing.SYSTEM}),
    Action.END: frozenset({Standing.HOST, Standing.ADMIN, Standing.SYSTEM}),
    Action.CANCEL: frozenset({Standing.HOST, Standing.ADMIN}),
    Action.EDIT: frozenset({Standing.HOST}),
    Action.POLICY: _STAFF,
    Action.CAPTIONS: frozenset({Standing.HOST}),
    Action.CHANGE_CHAT: _STAFF,
    Action.CHAT: frozenset({Standing.ACCOUNT}),
    Action.TYPE: frozenset({Standing.HOST, Standing.COHOST, Standing.SPEAKER}),
    Action.ERASE_OWN_TEXT: frozenset({Standing.ACCOUNT}),
    Action.ERASE_TEXT: _STAFF | {Standing.ADMIN},
    Action.MASK_TEXT: _STAFF | {Standing.ADMIN, Standing.BOT},
    Action.RULES: frozenset({Standing.HOST}),
    Action.INVITE: _STAFF,
    Action.PROMOTE: frozenset({Standing.HOST}),
    Action.HAND_OVER: frozenset({Standing.HOST}),
    Action.ANSWER_INVITE: frozenset({Standing.INVITED}),
    Action.RAISE: frozenset({Standing.ACCOUNT}),
    Action.SEE_HANDS: _STAFF | {Standing.ADMIN},
    Action.ANSWER_HAND: _STAFF,
    Action.MUTE: _STAFF | {Standing.ADMIN},
    Action.UNMUTE: _STAFF | {Standing.ADMIN},
    Action.DEMOTE: _STAFF | {Standing.ADMIN},
    Action.KICK: _STAFF | {Standing.ADMIN},
    Action.OPEN_MIC: frozenset({Standing.ACCOUNT}),
    Action.SET_MIC: frozenset({Standing.HOST, Standing.COHOST, Standing.SPEAKER}),
    Action.LISTEN: frozenset({Standing.ACCOUNT, Standing.ANONYMOUS}),
    Action.READ_LANES: frozenset({Standing.BOT}),
    Action.POST_CAPTIONS: frozenset({Standing.BOT}),
    Action.TAKE_ACT: frozenset({Standing.BOT}),
    Action.SEE_STAFF: _STAFF | {Standing.ADMIN, Standing.BOT},
    Action.SEE_REPORTS: _STAFF | {Standing.ADMIN},
    Action.DECIDE_REPORT: _STAFF | {Standing.ADMIN, Standing.SYSTEM},
    Action.DECIDE_APPEAL: _STAFF | {Standing.ADMIN, Standing.SYSTEM},
    Action.REPORT: frozenset({Standing.ACCOUNT}),
    Action.REACT: frozenset({Standing.ACCOUNT}),
    Action.SHARE: frozenset({Standing.HOST, Standing.COHOST, Standing.SPEAKER}),
    Action.UNSHARE: _STAFF | {Standing.ADMIN, Standing.SYSTEM},
    Action.RECORD: frozenset({Standing.HOST, Standing.SYSTEM}),
    Action.MISS: frozenset({Standing.SYSTEM}),
    Action.REMIND: frozenset({Standing.SYSTEM}),
    Action.HOST_GONE: frozenset({Standing.SYSTEM}),
    Action.TAKE_OUT: frozenset({Standing.SYSTEM}),
    Action.CLOSE_MIC: frozenset({Standing.SYSTEM}),
    Action.LIFT_EXPIRED: frozenset({Standing.SYSTEM}),
    Action.REDACT: _STAFF | {Standing.ADMIN, Standing.BOT, Standing.SYSTEM},
    Action.COUGH: frozenset({Standing.ACCOUNT}),
    Action.PANIC: _STAFF | {Standing.ADMIN},
    Action.WARN: _STAFF | {Standing.ADMIN},
    Action.SLOW: _STAFF | {Standing.ADMIN},
    Action.HOLD: _STAFF | {Standing.ADMIN},
    Action.LOCK: _STAFF | {Standing.ADMIN},
    Action.MISS_REDACTION: frozenset({Standing.SYSTEM}),
    Action.KEEP_EVIDENCE: frozenset({Standing.SYSTEM}),
}
"""The standings that permit each action; one of them is enough."""

_OF_STAFF = frozenset(
    {
        Action.INVITE,
        Action.SEE_HANDS,
        Action.SEE_STAFF,
        Action.SEE_REPORTS,
        Action.DECIDE_REPORT,
        Action.DECIDE_APPEAL,
    }
)
"""What co-hosts may for as long as the Space is not over: its reports, rules, sanctions and invitations are the host's then."""


_NAMES = {
    Standing.HOST: "the host",
    Standing.COHOST: "co-hosts",
    Standing.SPEAKER: "speakers",
    Standing.INVITED: "who is invited",
    Standing.ACCOUNT: "who has an account",
    Standing.ADMIN: "admins",
}
_INSTEAD = {Action.REDACT: "; speakers can take back their own words: `cough`"}
"""What else there is for who may not."""


def standings(space: Space, caller: Principal) -> frozenset[Standing]:
    """All standings of `caller` in `space`."""
    if isinstance(caller, System):
        return frozenset({Standing.SYSTEM})
    if caller.account_id is None:
        return frozenset({Standing.ANONYMOUS})
    found = {Standing.ACCOUNT}
    role = space.role_of(caller.account_id)
    if role is not Role.LISTENER:
        found.add(Standing(role.value))
    invite = space.invites.get(caller.account_id)
    if invite is not None and invite.state is not InviteState.REVOKED:
        found.add(Standing.INVITED)
    if caller.is_admin:
        found.add(Standing.ADMIN)
    if caller.is_service_bot and space.is_watched:
        found.add(Standing.BOT)
    return frozenset(found)


def may(space: Space, caller: Principal, action: Action) -> bool:
    """Whether the table permits `caller` the action."""
    return not _permitted(space, action).isdisjoint(standings(space, caller))


def _permitted(space: Space, action: Action) -> frozenset[Standing]:
    """The standings that permit an action in the Space as it is."""
    permitted = TABLE[action]
    return permitted - {Standing.COHOST} if space.is_over and action in _OF_STAFF else permitted


def require(space: Space, caller: Principal, action: Action) -> None:
    """Check that the table permits the action. Raises NotSignedIn (nobody is signed in) or NotAllowed."""
    if may(space, caller, action):
        return
    if caller.account_id is None:
        raise NotSignedIn
    who, what = _who_may(_permitted(space, action)), action.value.replace("_", " ")
    raise NotAllowed(f"only {who} may do this here ({what}){_INSTEAD.get(action, '')}", reason=action.value)


def _who_may(permitted: frozenset[Standing]) -> str:
    """Those people, or where it is no person's to do the bot or the server, in words."""
    names = [name for standing, name in _NAMES.items() if standing in permitted]
    if not names:
        return "its bot" if Standing.BOT in permitted else "the server"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def is_public(space: Space) -> bool:
    """Whether people who are not signed in may be there and read of it."""
    return space.listeners is ListenerPolicy.EVERYONE


def require_admittance(space: Space, caller: Principal, *, blocked: bool) -> None:
    """Check that `caller` may be in the Space at all: not barred, not blocked, and signed in if the host requires it.

    Raises NotSignedIn, or NotAllowed with reason `barred` or `blocked`.
    """
    if caller.account_id is None:
        if not is_public(space):
            raise NotSignedIn("this Space is for signed-in listeners")
        return
    if caller.account_id in space.barred:
        raise NotAllowed("you were removed from this Space and stay out until it ends", reason="barred")
    if blocked and caller.account_id not in (space.host_id, space.former_host):
        raise NotAllowed("you cannot join this Space: there is a block between you and its hosts", reason="blocked")


def require_over(space: Space, caller: Principal, target_id: str, action: Action) -> None:
    """Check that the table permits the action and that the caller's rank is above the target's. Admins rank as the host
    does.

    Nobody may act on the host. Raises NotSignedIn or NotAllowed.
    """
    require(space, caller, action)
    if target_id == space.host_id:
        raise NotAllowed("nobody may do this to the host", reason=action.value)
    mine = Role.HOST if caller.is_admin else space.role_of(caller.account_id)
    if mine.rank <= space.role_of(target_id).rank and target_id != caller.account_id:
        raise NotAllowed("this person's role is not below yours", reason=action.value)
