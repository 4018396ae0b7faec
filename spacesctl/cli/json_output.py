"""What each command prints with `--json`: the one table of it, for the reference page, the schemas and the tests.

Commands do not import it: it knows all types of the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spacesctl.api import (
    accounts,
    coop,
    events,
    moderation,
    outside,
    people,
    posts,
    privacy,
    profiles,
    recordings,
    redactions,
    review,
    series,
    sign_in,
    spaces,
    suggestions,
)
from spacesctl.bench.beside_icecast import Beside
from spacesctl.bench.capacity import Capacity
from spacesctl.bench.fanout import Fanout
from spacesctl.bench.floor import Floor
from spacesctl.bench.hearing import HearingResult
from spacesctl.bench.latency import Latency
from spacesctl.bench.loss import Loss
from spacesctl.bench.numbers import Numbers
from spacesctl.bench.ogg import Costs
from spacesctl.bench.peers import Peers
from spacesctl.bench.redaction import Redactions
from spacesctl.bench.soak import Soak
from spacesctl.bench.storm import Storm
from spacesctl.cli import answers, watched
from spacesctl.demo.raid import RaidReport
from spacesctl.demo.report import DemoReport


class Shape(StrEnum):
    """How many values are printed."""

    ONE = "one object"
    ARRAY = "an array of objects"
    LINES = "a line for each object"


@dataclass(frozen=True)
class Output:
    """The type of what is printed, or of each item of it. `first` is that of a line before all others."""

    kind: type
    shape: Shape = Shape.ONE
    first: type | None = None


def _one(kind: type) -> Output:
    return Output(kind)


def _array(kind: type) -> Output:
    return Output(kind, Shape.ARRAY)


def _lines(kind: type) -> Output:
    return Output(kind, Shape.LINES)


OUTPUTS: dict[str, Output] = {
    "serve": _lines(answers.Serving),
    "backup": _one(answers.Archive),
    "restore": _one(answers.RestoredFolder),
    "demo": _one(DemoReport),
    "demo --raid": _one(RaidReport),
    "doctor": _array(answers.Finding),
    "create": _one(spaces.Space),
    "create --cron": _one(series.Series),
    "list": _array(spaces.Space),
    "remind": _one(answers.Reminding),
    **dict.fromkeys(("show", "edit", "start", "end", "cancel", "policy", "accept", "decline"), _one(spaces.Space)),
    "invite": _array(people.Invitation),
    "invites": _array(people.ReceivedInvitation),
    "invites --space": _array(people.Invitation),
    "uninvite": _array(people.Invitation),
    "inbox": _array(posts.Message),
    "dm": _one(posts.SentMessage),
    "people": _array(people.Member),
    "people --anonymous": _array(people.AnonymousConnection),
    "raise": _one(people.Member),
    "hands": _array(people.RaisedHand),
    **dict.fromkeys(
        ("approve", "deny", "warn", "mute", "unmute", "promote", "demote", "kick"),
        _array(people.Member),
    ),
    **dict.fromkeys(("mute --all", "demote --all", "lock", "slow", "hold"), _one(people.Sanction)),
    **dict.fromkeys(("unmute --all", "unlock", "slow --off", "hold --off"), _one(answers.Ended)),
    "redact": _array(redactions.Redaction),
    **dict.fromkeys(("dump", "cough", "redactions change", "redactions withdraw"), _one(redactions.Redaction)),
    "panic": _one(redactions.Panic),
    "redactions list": _array(redactions.Redaction),
    "reports mine": _array(moderation.OwnReport),
    "suggestions": _array(suggestions.Suggestion),
    **dict.fromkeys(("confirm", "dismiss"), _one(suggestions.Suggestion)),
    "undo": _one(people.Sanction),
    "sanctions": _array(people.Sanction),
    "sanction show": _one(review.WholeSanction),
    "sanction play": _one(answers.PlayedClip),
    "appeal": _one(review.OwnAppeal),
    "appeals list": _array(review.Appeal),
    **dict.fromkeys(("appeals show", "appeals grant", "appeals deny"), _one(review.Appeal)),
    "block": _array(answers.Blocking),
    **dict.fromkeys(("blocklist export", "blocklist import"), _one(answers.SharedBlocks)),
    **dict.fromkeys(("blocklist follow", "blocklist unfollow"), _one(answers.FollowedBlocks)),
    "blocklist followed": _array(answers.FollowedBlocks),
    "unblock": _array(answers.Blocking),
    "follow": _array(answers.Following),
    "unfollow": _array(answers.Following),
    "report": _one(moderation.FiledReport),
    "speak": _one(answers.SpokenSound),
    "speak --type": _one(answers.TypedSpeech),
    "chat": _array(answers.ChatMessage),
    "chat --follow": _lines(answers.ChatMessage),
    "chat --erase": _one(answers.Deleted),
    "listen": _one(answers.HeardSound),
    "transcript": Output(answers.SpokenTranscript),
    "captions": _array(answers.CaptionLine),
    "captions --follow": _lines(answers.CaptionLine),
    "watch": Output(events.Event, Shape.LINES, watched.StateLine),
    "react": _one(spaces.Reacted),
    "share": _array(spaces.Pin),
    "post": _one(posts.Post),
    "post --delete": _one(answers.Deleted),
    "play": _one(answers.PlayedClip),
    "feed": _one(profiles.Feed),
    "calendar": _one(answers.CalendarFile),
    "account list": _array(accounts.OverseenAccount),
    **dict.fromkeys(("account suspend", "account restore"), _one(accounts.OverseenAccount)),
    "account delete": _one(answers.Deleted),
    "privacy export": _one(answers.ExportedFile),
    "privacy erase": _one(privacy.Erasure),
    "privacy hold": _one(privacy.Hold),
    "privacy holds": _array(privacy.Hold),
    "privacy release": _one(answers.Deleted),
    "account create": _one(accounts.MadeAccount),
    "account token": _one(accounts.MadeToken),
    "account tokens": _array(accounts.Token),
    "account revoke": _one(accounts.RevokedTokens),
    "login": _one(answers.LoggedIn),
    "logout": _one(answers.LoggedOut),
    "context list": _array(answers.LoggedIn),
    "context use": _one(answers.LoggedIn),
    "account password": _one(sign_in.EndedSessions),
    "account link": _one(sign_in.MadeLink),
    "account invite": _one(sign_in.SignUpLink),
    "account recover": _one(sign_in.Recovered),
    "account show": _one(answers.ShownAccount),
    "profile show": _one(profiles.Profile),
    "profile edit": _one(accounts.DescribedAccount),
    "bench floor": _one(Floor),
    "bench fanout": _one(Fanout),
    "bench capacity": _one(Capacity),
    "bench join-storm": _one(Storm),
    "bench peers": _one(Peers),
    "bench ogg": _one(Costs),
    "bench icecast": _one(Beside),
    "bench soak": _one(Soak),
    "bench loss": _one(Loss),
    "bench mouth-to-ear": _one(Latency),
    "bench redaction": _one(Redactions),
    "bench numbers": _one(Numbers),
    "bench hearing": _one(HearingResult),
    "schedule list": _array(series.Series),
    **dict.fromkeys(
        ("schedule show", "schedule pause", "schedule resume", "schedule skip", "schedule edit"), _one(series.Series)
    ),
    "schedule delete": _one(answers.Deleted),
    "reports list": _array(moderation.Report),
    "reports show": _one(moderation.WholeReport),
    "reports decide": _one(moderation.WholeReport),
    "reports assign": _one(moderation.WholeReport),
    "reports note": _one(review.ReportNote),
    "reports uphold": _one(moderation.WholeReport),
    "reports dismiss": _one(moderation.WholeReport),
    "reports play": _one(answers.PlayedClip),
    "rules check": _one(answers.CheckedRules),
    "rules test": _one(answers.TriedRules),
    "rules regressions": _one(answers.PulledCases),
    "rules starter": _one(answers.StarterFiles),
    "rules list": _array(answers.RuleInForce),
    "rules why": _array(answers.RuleOutcome),
    "rules push": _one(moderation.SetRules),
    "rules push --watch": _lines(moderation.SetRules),
    "rules show": _one(moderation.RuleFile),
    "rules clear": _one(moderation.SetRules),
    "audit list": _array(moderation.AuditEntry),
    "audit verify": _one(moderation.AuditCheck),
    "audit report": _one(answers.Published),
    "models list": _array(answers.ListedModel),
    "models pull": _one(answers.PulledModel),
    "models path": _one(answers.ModelPath),
    "config show": _array(answers.SettingInForce),
    "record start": _one(spaces.Space),
    "record stop": _one(spaces.Space),
    "recordings list": _array(recordings.Recording),
    "recordings get": _array(answers.FetchedFile),
    "recordings delete": _one(answers.Deleted),
    "webhook add": _one(outside.MadeWebhook),
    "webhook list": _array(outside.Webhook),
    "webhook renew": Output(outside.RenewedSecret),
    "webhook test": _one(outside.WebhookTest),
    "webhook remove": _one(answers.Deleted),
    "webhook deliveries": _array(outside.Delivery),
    "coop show": _one(coop.CoopState),
    "coop test": _one(coop.CoopTest),
    "notifications add": _one(outside.Outlet),
    "notifications list": _array(outside.Outlet),
    "notifications test": _one(outside.OutletTest),
    "notifications remove": _one(answers.Deleted),
}
"""By the words of a command; with an option where it prints something else then."""


def outputs(words: str) -> dict[str, Output]:
    """What a command prints, by its words with or without the option that decides it. Empty for one without `--json`."""
    return {key: one for key, one in OUTPUTS.items() if key.partition(" --")[0] == words}
