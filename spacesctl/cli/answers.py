"""What `--json` prints where no answer of the API is printed as it is."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.accounts import Account
from spacesctl.api.captions import CaptionText
from spacesctl.api.transparency import Figure, Statement
from spacesctl.api.wire import Answer, Time
from spacesctl.domain.words import MeasureKind, Scope


class ShownAccount(Account, frozen=True, kw_only=True):
    """An account. `scopes` is what the token may be used for: of your own account, null for others."""

    scopes: list[Scope] | None


class LoggedIn(Answer, frozen=True, kw_only=True):
    """A server that you are logged in to, as whom, and where the token is. `current`: it is used when no server is named."""

    server: str
    handle: str
    kept_in: Literal["keyring", "file"]
    current: bool


class LoggedOut(Answer, frozen=True, kw_only=True):
    """A server that you are logged in to no longer."""

    server: str
    logged_out: Literal[True] = True


class Following(Answer, frozen=True, kw_only=True):
    """Whether you follow an account now."""

    handle: str
    following: bool


class Blocking(Answer, frozen=True, kw_only=True):
    """Whether you block an account now."""

    handle: str
    blocked: bool


class Deleted(Answer, frozen=True, kw_only=True):
    """What was deleted."""

    id: str
    deleted: Literal[True] = True


class CutOff(Answer, frozen=True, kw_only=True):
    """An anonymous connection that was closed."""

    id: str
    removed: Literal[True] = True


class SharedBlocks(Answer, frozen=True, kw_only=True):
    """A block list that was written, or taken over: whose it is, who signed it, and how many accounts were written or blocked."""

    server: str
    by: str
    key: str
    accounts: int


class FollowedBlocks(Answer, frozen=True, kw_only=True):
    """A block list that is followed: where it is, whose it is, when what was taken over was made, how many of its accounts were decided on,
    and who waits for a decision."""

    source: str
    server: str
    by: str
    key: str
    made_at: Time
    accounts: int
    waiting: list[str]


class Ended(Answer, frozen=True, kw_only=True):
    """What goes for all no longer: `mute`, `hold`, `slow` or `lock`."""

    space_id: str
    action: MeasureKind
    ended: Literal[True] = True


class Reminding(Answer, frozen=True, kw_only=True):
    """Whether you are reminded of a Space, and how many accounts are."""

    space_id: str
    reminder: bool
    subscriber_count: int


class CaptionLine(CaptionText, frozen=True, kw_only=True):
    """A caption. `seq` is the number of its event; null while it may still change (`final` is false)."""

    final: bool
    seq: int | None
    erased: bool = False
    """Only staff read it: its speaker was removed, and what they said with them."""


class ChatMessage(Answer, frozen=True, kw_only=True):
    """A message of the chat. `seq` is the number of its event, by which it is erased."""

    seq: int
    speaker: str
    text: str
    tick: int
    erased: bool = False
    """Only staff read it; or it was just erased."""


class TypedSpeech(Answer, frozen=True, kw_only=True):
    """How many `texts` were said by typing."""

    texts: int


class SpokenLine(Answer, frozen=True, kw_only=True):
    """One utterance of a transcript: when it began, by whom, and from which to which tick (20 ms) of the Space clock. `name` is what the
    speaker is called now; null for an account that is gone."""

    at: Time
    speaker: str
    name: str | None
    account_id: str
    start_tick: int
    end_tick: int
    text: str


class SpokenTranscript(Answer, frozen=True, kw_only=True):
    """What was said in a Space, the first first."""

    space_id: str
    title: str
    host: str
    started_at: Time | None
    lines: list[SpokenLine]


class CalendarFile(Answer, frozen=True, kw_only=True):
    """The address to subscribe to, and the calendar itself, unless it was written to a file."""

    url: str
    file: str | None
    ics: str | None


class PlayedClip(Answer, frozen=True, kw_only=True):
    """A voice clip that was written to `file`, or played by the program `player`."""

    clip: str
    bytes: int
    file: str | None
    player: str | None


class ExportedFile(Answer, frozen=True, kw_only=True):
    """What the server keeps about the person `handle`, written to `file`, a ZIP archive."""

    file: str
    handle: str
    sha256: str


class FetchedFile(Answer, frozen=True, kw_only=True):
    """A file of a recording that was downloaded, as `file`. `handle` is that of the lane's account; null for the mix."""

    file: str
    handle: str | None
    bytes: int
    sha256: str


class SpokenSound(Answer, frozen=True, kw_only=True):
    """What was sent to a Space: `frames` of 20 ms. `ended` is why it ended early: `interrupted`, or what the server said."""

    seconds: float
    frames: int
    unheard: int
    """Frames that were not sent, while the microphone was closed by a mute."""
    lost: int
    """Frames of the microphone that could not be sent in time."""
    lane: int | None
    ended: str | None


class HeardSound(Answer, frozen=True, kw_only=True):
    """What was heard in a Space: `ticks` of 20 ms, among them those that were `lost`. `ended` is why it ended early."""

    seconds: float
    ticks: int
    lost: int
    ended: str | None
    output: str


class RuleProblem(Answer, frozen=True, kw_only=True):
    """A problem in a rule file, and how to correct it."""

    file: str
    line: int
    level: Literal["error", "warning"]
    message: str
    todo: str


class CheckedRules(Answer, frozen=True, kw_only=True):
    """Whether a rule file has no error, its problems, and what each rule does."""

    ok: bool
    problems: list[RuleProblem]
    explained: list[str]


class RuleInForce(Answer, frozen=True, kw_only=True):
    """A rule of a Space. `looks_for` says in short what it listens to; `hits` is how often it fired in what was said so far, null if that
    cannot be known: numbers are not in stored words."""

    id: str
    mode: Literal["shadow", "suggest", "enforce"]
    severity: int
    actions: list[str]
    looks_for: str
    hits: int | None


class RuleOutcome(Answer, frozen=True, kw_only=True):
    """A rule's words that were said, in seconds on the Space clock, and how sure the recogniser was of the least certain of them. `missing`
    says what held the rule back; null if it fired."""

    rule: str
    mode: Literal["shadow", "enforce", "held", "suggest"]
    actions: list[str]
    speaker: str
    start: float
    end: float
    words: str
    confidence: float
    matched: str
    missing: str | None


class RuleScore(Answer, frozen=True, kw_only=True):
    """Of a rule, or (`*`) of all: hits, how many of them are labelled (`right`), labels, and how many of them were `found`."""

    rule: str
    hits: int
    right: int
    labels: int
    found: int
    precision: float | None
    recall: float | None


class FoundAgain(Answer, frozen=True, kw_only=True):
    """A case in which its rule finds something again: in these `words`."""

    case: str
    rule: str
    words: str


class PulledCases(Answer, frozen=True, kw_only=True):
    """The file of cases beside a rule file: how many it has now, and how many of them are new."""

    file: str
    cases: int
    new: int


class TriedRules(Answer, frozen=True, kw_only=True):
    """What rules would have done, and with labels how well."""

    hits: list[RuleOutcome]
    scores: list[RuleScore]
    again: list[FoundAgain] = []  # noqa: RUF012  # msgspec copies it
    """With `--regressions`: the cases in which a rule finds something again."""


class StarterFiles(Answer, frozen=True, kw_only=True):
    """Files that were written."""

    files: list[str]


class Published(Answer, frozen=True, kw_only=True):
    """What an operator publishes: `figures` with the template `dsa15`, `statements` with `dsa24`; the other is null."""

    figures: list[Figure] | None = None
    statements: list[Statement] | None = None


class ListedModel(Answer, frozen=True, kw_only=True):
    """A model that can be downloaded by name, or (`here`) is installed. `lang` and `megabytes` are null if it is not in the catalogue."""

    name: str
    lang: str | None
    megabytes: int | None
    here: bool
    note: str


class PulledModel(Answer, frozen=True, kw_only=True):
    """A model that was downloaded. `trust` is where its SHA-256 was known from."""

    name: str
    path: str
    sha256: str
    trust: str


class ModelPath(Answer, frozen=True, kw_only=True):
    """The folder of a model."""

    name: str
    path: str


class Archive(Answer, frozen=True, kw_only=True):
    """A backup that was written."""

    file: str
    bytes: int
    files: int
    missing: list[str]
    """Files that the database names and that were not in the data folder."""


class RestoredFolder(Answer, frozen=True, kw_only=True):
    """The data folder that was restored. Every file was compared with what was saved."""

    data: str
    files: int
    missing: list[str]
    """Files that the database names and that were not in the data folder when the backup was made."""
    left_out: int
    """Files of recordings that a backup made with `--without-recordings` leaves out."""


class Finding(Answer, frozen=True, kw_only=True):
    """What `doctor` found. `todo` is what to do; empty when all is well."""

    level: Literal["ok", "warn", "fail"]
    name: str
    said: str
    todo: str


class SettingInForce(Answer, frozen=True, kw_only=True):
    """A setting and where its value comes from: `flag`, `environment`, `.env`, the path of a file, or `default`. Of a token it is
    only said whether there is one.
    """

    name: str
    value: str | int | float | bool | list[str] | None
    origin: str


class PassingEvent(Answer, frozen=True, kw_only=True):
    """An event that is not stored: levels, counts, partial captions."""

    type: str
    data: Answer


class Serving(Answer, frozen=True, kw_only=True):
    """A server that is ready: its address, that of its UDP port, and its data folder."""

    http: str
    udp: str
    data: str
