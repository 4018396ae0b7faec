"""The closed lists of words: states, roles, policies, kinds. Cheap to import, since the wire and the command line need them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal, get_args

ReportState = Literal["open", "upheld", "dismissed"]
AppealState = Literal["open", "granted", "denied"]
WebhookType = Literal[
    "spaces.create",
    "spaces.start",
    "spaces.end",
    "spaces.cancel",
    "spaces.missed",
    "hand.raised",
    "report.created",
    "act.taken",
]
"""The types of webhook messages that can be subscribed to."""
Category = Literal[
    "self_harm", "violence", "sexual_content", "child_safety", "private_information", "abuse", "spam", "other"
]
"""What a report is about. Stored reports may have categories of earlier versions."""
CATEGORIES: Mapping[str, Category] = {name: name for name in get_args(Category)}
RuleMode = Literal["shadow", "counted", "suggest", "held", "waiting", "unconfirmed", "enforce"]
"""Whether a rule only records what it would do, only counts the offence, leaves what to do to a person, holds it since rules have done much
already, leaves it since a second recognition has not heard the same, or does it."""

MeasureKind = Literal["mute", "demote", "hold", "slow", "lock"]
"""What can be on a Space itself, and so on all who are in it or come."""

NUMBER: Final = "[number]"
"""Stands in texts for a spoken number."""
HandOutcome = Literal["approved", "denied", "withdrawn", "ended"]
"""How a request to speak ended: `ended` with the Space, or with the place of who made it."""
RedactionMode = Literal["silence", "tone"]
"""What the audience hears in place of what is redacted."""
RedactionState = Literal["in_force", "withdrawn", "missed"]
"""What became of a redaction."""


class CredentialKind(StrEnum):
    """What somebody shows to be let in: a token of the API, a session of a browser, or a link that signs in once."""

    TOKEN = "token"
    SESSION = "session"
    LINK = "link"


class SignUp(StrEnum):
    """Who may make an account of their own: everybody, who has an invitation of the operator's, or nobody."""

    OPEN = "open"
    INVITATION = "invitation"
    CLOSED = "closed"


class State(StrEnum):
    """The life cycle of a Space. A missed Space is `canceled`."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELED = "canceled"


class Role(StrEnum):
    """The role of an account in a Space. Everyone without another role is a listener."""

    HOST = "host"
    COHOST = "cohost"
    SPEAKER = "speaker"
    LISTENER = "listener"

    @property
    def rank(self) -> int:
        """Higher ranks may act on lower ones; the host has the highest."""
        return _RANK[self]


_RANK = {Role.HOST: 3, Role.COHOST: 2, Role.SPEAKER: 1, Role.LISTENER: 0}


class Policy(StrEnum):
    """Who may speak without being approved."""

    EVERYONE = "everyone"
    FOLLOWING = "following"
    INVITED = "invited"


class ChatPolicy(StrEnum):
    """Who may write in a Space's chat."""

    OFF = "off"
    SPEAKERS = "speakers"
    EVERYONE = "everyone"


class ListenerPolicy(StrEnum):
    """Who may listen."""

    EVERYONE = "everyone"
    ACCOUNTS = "accounts"


class Reaction(StrEnum):
    """The reactions that people can send. Hand gestures come first, since they are used most."""

    RAISED_HAND = "raised_hand"
    WAVE = "wave"
    FIST = "fist"
    VICTORY = "victory"
    CLAP = "clap"
    HUNDRED = "hundred"
    HEART = "heart"
    LAUGH = "laugh"

    @property
    def emoji(self) -> str:
        return _EMOJI[self]


_EMOJI = dict(zip(Reaction, "✋👋✊✌👏💯❤😂", strict=True))


class InviteState(StrEnum):
    """The state of an invitation."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"


class RecordingMode(StrEnum):
    """What is recorded: nothing, the audience mix, or the audience mix and each lane in its own file."""

    OFF = "off"
    MIX = "mix"
    LANES = "lanes"


class Kind(StrEnum):
    """What an account stands for."""

    PERSON = "person"
    BRAND = "brand"
    BOT = "bot"


class Scope(StrEnum):
    """What a token may be used for. `use` is everything a person does with their own account."""

    USE = "use"
    ADMIN = "admin"
    """Create accounts and tokens, see every Space and the whole audit log."""
    BOT = "bot"
    """Serve as the bundled bot: assignments, captions, acts under a grant."""
