"""Reports, rules, acts of rules, and the audit log."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.accounts import Who
from spacesctl.api.by import By
from spacesctl.api.captions import Count, Lane, SpokenWord, Word
from spacesctl.api.review import ReporterRecord, ReportNote
from spacesctl.api.spaces import FileName, RuleText
from spacesctl.api.wire import LINES, Answer, Given, Meta, Page, Time
from spacesctl.domain.words import Category, Policy, ReportState, Role, RuleMode, State

Note = Annotated[str, Meta(max_length=2_000, extra=LINES)]


class NewReport(Given, frozen=True, kw_only=True):
    """A report of an account in a Space or, without `account`, of the Space."""

    space_id: str
    account: str | None = None
    category: Category = "other"
    note: Note = ""


class FiledReport(Answer, frozen=True, kw_only=True):
    """A report that was filed."""

    id: str
    category: str
    target: Who | None
    sound: bool = False
    """Whether it has sound of the person: of the last 30 s that there are of the last minute."""
    words: int = 0
    """How many words of theirs it has: those of the sound, or without sound the last of a day."""


class ReportDecision(Given, frozen=True, kw_only=True):
    """What is decided on a report."""

    state: ReportState
    note: Note = ""
    """The reporter is told it."""


class Report(Answer, frozen=True, kw_only=True):
    """A report with its evidence. Ticks are of 20 ms on the Space clock."""

    id: str
    space_id: str
    title: str
    """That of the Space."""
    target: Who | None
    """Null when the Space is reported."""
    by: By
    """The person who filed it, or the rule."""
    category: str
    """Of a person's report one of the categories, of a rule's `rule:` and its id."""
    mode: RuleMode | None
    words: list[SpokenWord]
    text: str
    confidence: float | None
    note: str
    start_tick: int | None
    end_tick: int | None
    clip: str | None
    """The SHA-256 of the evidence clip, in hex."""
    state: ReportState
    decided_by: By | None
    decided_at: Time | None
    decision: str | None
    created_at: Time
    assignee: Who | None = None
    """Who looks after it."""
    weight: float = 1.0
    """More than 0 and less than 2, by what was found of the reporter's earlier reports; 1 of a new reporter's, or a rule's."""
    record: ReporterRecord | None = None
    """Of a person who reports."""


class OwnReport(Answer, frozen=True, kw_only=True):
    """A report of the caller's, and what became of it. Its evidence is for who reviews it."""

    id: str
    space_id: str
    title: str
    """That of the Space."""
    target: Who | None
    """Null when the Space is reported."""
    category: str
    note: str
    state: ReportState
    decision: str | None
    """The reason of who decided."""
    decided_at: Time | None
    created_at: Time


class PersonThen(Answer, frozen=True, kw_only=True):
    """A person in the Space when a report was filed."""

    account_id: str
    role: Role
    mic_open: bool
    muted: bool
    lane: int | None


class RoomThen(Answer, frozen=True, kw_only=True):
    """The Space when a report was filed."""

    state: State
    speakers: Policy
    people: list[PersonThen]


class Evidence(Answer, frozen=True, kw_only=True):
    """What a report is based on besides: of a rule's act its key, the rule file and the recogniser; the room at that moment."""

    lane: int | None
    act: str | None
    rule_hash: str | None
    engine: str | None
    model: str | None
    room: RoomThen | None


class WholeReport(Report, frozen=True, kw_only=True):
    """A report with all its evidence."""

    evidence: Evidence
    notes: list[ReportNote] = []
    """Those of the staff, the oldest first. Who filed the report sees their own alone."""
    purged_at: Time | None = None
    """When its sound, its words and what was noted were deleted for their age."""


class NewRules(Given, frozen=True, kw_only=True):
    """The rule file of a Space; null removes it."""

    text: RuleText | None
    filename: FileName = "rules.toml"
    """Named in the messages about it."""
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for, with `digits`."""


class SetRules(Answer, frozen=True, kw_only=True):
    """The rules that a Space has now, and what they may do."""

    hash: str | None
    rules: list[str]
    actions: list[str]
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for."""
    delay: float = 0.0
    """Seconds that the audience is to hear behind the stage with these rules; `delay_now` and `safe_in` are those of the Space."""
    delay_now: float | None = None
    safe_in: float | None = None


class RuleFile(Answer, frozen=True, kw_only=True):
    """The rule file of a Space; both are null when it has none."""

    hash: str | None
    text: str | None
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for."""


class Ticks(Given, frozen=True, kw_only=True):
    """Ticks `from_tick` to `to_tick` of the Space clock, both included."""

    from_tick: Count
    to_tick: Count


class EvidenceSpan(Given, frozen=True, kw_only=True):
    """The seconds of evidence before and after an act, `without` the spoken numbers in it."""

    before: Annotated[float, Meta(ge=0, le=60)] = 10.0
    after: Annotated[float, Meta(ge=0, le=30)] = 4.0
    without: Annotated[list[Ticks], Meta(max_length=64)] = []


class Repeat(Given, frozen=True, kw_only=True):
    """Act only on each `times`-th offence of an account within so many seconds (0: however long ago)."""

    times: Annotated[int, Meta(ge=1, le=1000)] = 1
    within: Annotated[float, Meta(ge=0, le=2_592_000)] = 0.0


class Step(Given, frozen=True, kw_only=True):
    """From so many points on, this is done, for so many seconds (null: until the Space ends)."""

    points: Annotated[int, Meta(ge=1, le=1000)]
    do: str
    seconds: Annotated[int, Meta(ge=1, le=2_592_000)] | None = None


class Ladder(Given, frozen=True, kw_only=True):
    """Each offence gives as many points as it is severe; they expire after so many seconds. The highest step that they reach is taken."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    steps: Annotated[list[Step], Meta(min_length=1, max_length=10)]
    expire: Annotated[int, Meta(ge=1, le=31_536_000)]


class NewAct(Given, frozen=True, kw_only=True):
    """What a rule decided. Ticks are of 20 ms on the Space clock. A second act with the same `key` changes nothing. The server counts
    offences for `repeat` and `cooldown`, and sanctions for the circuit breaker: the answer's `mode` says what became of the act."""

    key: Annotated[str, Meta(min_length=1, max_length=128)]
    rule_id: Annotated[str, Meta(max_length=64)]
    rule_hash: Annotated[str, Meta(max_length=64)]
    mode: RuleMode
    action: str
    """One of those that rules may take, or `ladder`."""
    account_id: str
    """Empty for what is about the Space itself: then the action is `log`, `alert`, `slow`, `hold` or `lock`."""
    lane: Lane
    """0 where there is none."""
    start_tick: Count
    end_tick: Count
    words: Annotated[list[Word], Meta(max_length=200)]
    confidence: Annotated[float, Meta(ge=0, le=1)]
    engine: Annotated[str, Meta(max_length=100)]
    model: Annotated[str, Meta(max_length=200)]
    evidence: EvidenceSpan = EvidenceSpan()
    severity: Annotated[int, Meta(ge=1, le=10)] = 1
    repeat: Repeat = Repeat()
    cooldown: Annotated[float, Meta(ge=0, le=2_592_000)] = 0.0
    """Seconds after an offence that was acted on in which the rule does not act on the same person again."""
    ladder: Ladder | None = None
    """With the action `ladder`: what is done is the step that is reached, and the answer's `action` says which it is."""
    found: Annotated[str, Meta(max_length=500)] = ""
    """The facts by which a rule without words decided, such as `joins_per_minute 72`."""


class Act(Answer, frozen=True, kw_only=True):
    """What a rule did or, in the modes `shadow`, `suggest` and `held`, would have done; `counted`: it waits for more offences."""

    key: str
    rule_id: str
    rule_hash: str
    mode: RuleMode
    action: str
    """What is taken: one of those that rules may take."""
    account_id: str
    handle: str
    """Both are empty for what is about the Space itself."""
    lane: int
    start_tick: int
    end_tick: int
    words: list[SpokenWord]
    confidence: float
    engine: str
    model: str
    report_id: str | None
    found: str = ""


Detail = str | int | float | bool | list[str] | None


class AuditEntry(Answer, frozen=True, kw_only=True):
    """Something that was done. `details` are its facts: texts, numbers and truth values by name."""

    id: str
    created_at: Time
    by: By
    action: str
    space_id: str | None
    target: Who | None
    details: dict[str, Detail]
    count: int
    """Its place in the chain of its Space or of the server, from 1."""
    hash: str
    """Of this entry and the one before it in its chain."""


class AuditLog(Page[AuditEntry], frozen=True, kw_only=True):
    """A page of the audit log, the newest first. `head` is the count of all entries and a hash over the heads of all chains."""

    head: str


class AuditCheck(Answer, frozen=True, kw_only=True):
    """Whether the log is whole. `problem` is null when it is, otherwise what was found first: `entry` (`first_bad` does not match the one
    before it), `tail` (entries are missing at the end), `checkpoint` or `head` (after `count` entries the log had another hash, or it has
    fewer), `file` (line `count` of the file of checkpoints is not signed by its key), `unreadable`. `chain`: a Space's id, `server`,
    `closed`, or `all`. `checkpoints`: how many hold; null when their folder cannot be read. `head`: what to write down, `COUNT:HASH`; empty
    when there is a problem.
    """

    problem: Literal["unreadable", "entry", "tail", "checkpoint", "head", "file"] | None
    chain: str | None
    first_bad: str | None
    count: int | None
    entries: int
    checkpoints: int | None
    head: str
