"""The report of a demo. All numbers come from the sound that listeners decoded, the Space's events, and the server's metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from bots.casts import Cast, Phrase
from bots.wer import word_errors
from spacesctl.api import moderation
from spacesctl.api.events import CaptionSpoken
from spacesctl.api.moderation_events import ActTaken, Removed, ServerMuted
from spacesctl.api.wire import UNSET, UnsetType, Wire
from spacesctl.demo import measure
from spacesctl.demo.kept import DemoKept, Ear, kept, silent_from
from spacesctl.demo.measure import Silenced, Spoken, Voice
from spacesctl.demo.show import Performance, Said
from spacesctl.demo.stage import Stage
from spacesctl.demo.state import State
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.words import NUMBER
from spacesctl.probe.probe_listener import Heard, ProbeListener

MS_PER_TICK = 20
"""Milliseconds of a tick."""
AFTERWARDS = 0.3
"""Seconds after the last complete sentence in which a recognised word still counts; incomplete sentences are not compared."""
NEVER_DB = -20.0
"""Others talk meanwhile, so no voice is ever quite silent in a mix."""
ENGINE = ("packets_dropped", "frames_lost", "frames_late", "frames_skipped", "ticks_skipped", "packets_out_dropped")


class DemoSpeaker(Wire, frozen=True, kw_only=True):
    """A speaker: what was said of their script, and how well it was recognised as far as it was heard."""

    handle: str
    role: str
    way: str
    said_seconds: float
    heard_seconds: float
    first_tick: float | None
    captions: list[str]
    reference: str
    reference_words: int
    word_errors: int
    word_error_rate: float | None


class DemoAct(Wire, frozen=True, kw_only=True):
    """An act of a rule. `delay_to_act_ms` is from the end of the phrase, as the listener heard it, to the act's stored tick;
    `delay_to_last_sound_heard_ms`, of a mute alone, to the last sound of the speaker.
    """

    rule: str
    action: str
    mode: str
    handle: str
    at_tick: int
    phrase: str | None
    phrase_end_tick: float | None
    delay_to_act_ms: int | None
    delay_to_last_sound_heard_ms: int | UnsetType = UNSET


class DemoFiledReport(Wire, frozen=True, kw_only=True):
    """A report that was filed in the Space."""

    target: str | None
    category: str
    rule: str | None
    text: str
    confidence: float | None
    start_tick: int | None
    end_tick: int | None
    clip: str | None


class DemoMuted(Wire, frozen=True, kw_only=True):
    """The first mute, with the highest level of that voice at any listener afterwards."""

    handle: str
    reason: str
    at_tick: int
    lowest_likeness_before: float | None
    highest_likeness_after: float | None
    heard_after_mute_db: float | None
    seconds_sent_after: float | None


class DemoKicked(Wire, frozen=True, kw_only=True):
    """The removal of a speaker."""

    handle: str
    by: str
    reason: str
    at_tick: int
    tried_to_come_back: str | None


class MutedVoice(Wire, frozen=True, kw_only=True):
    """The effect of the mute at one listener, as in `measure.Silenced`."""

    last_sound_tick: float | None
    likeness_before: float | None
    likeness_after: float | None
    heard_after_mute_db: float | None
    seconds_sent_after: float


class DemoListener(Wire, frozen=True, kw_only=True):
    """What a listener heard. `likeness` is by the handle of the speaker."""

    kind: str
    account: str
    seconds: float
    lost: int
    likeness: dict[str, float | None]
    muted: MutedVoice | None
    ended: str | None


class DemoHeadline(Wire, frozen=True, kw_only=True):
    """What moderators ask for first: the median from the end of a word to its act, as a listener heard it; and how many of the words that a
    rule found no listener heard (at most `NEVER_DB` of the speaker's other words)."""

    word_to_act_ms: int | None
    words_found: int
    words_never_aired: int


class DemoReport(Wire, frozen=True, kw_only=True):
    """The whole report: one JSON object."""

    cast: str
    link: str
    seconds: float
    model: str | None
    speakers: list[DemoSpeaker]
    acts: list[DemoAct]
    reports: list[DemoFiledReport]
    muted: DemoMuted | None
    kicked: DemoKicked | None
    delay: float
    """Seconds that the audience heard behind the stage."""
    kept: list[DemoKept]
    listeners: list[DemoListener]
    loss: float | None
    worst_tick_lateness_ms: float
    engine: dict[str, int]
    headline: DemoHeadline


def report(cast: Cast, stage: Stage, state: State, done: Performance) -> DemoReport:
    """The report. It takes a second or two to compute."""
    spoken = {handle: _spoken(stage, state, said) for handle, said in done.said.items()}
    to_audience = {handle: _to_audience(stage, done, handle, one) for handle, one in spoken.items()}
    heard = [_on_stage_clock(listener.heard(), stage.delay) for listener in state.listeners]
    found = [measure.voices(one, to_audience) for one in heard]
    clock, present = heard[0], {handle: voice for handle, voice in found[0].items() if voice is not None}
    begins = {
        handle: measure.tick_of(clock, voice) for handle, voice in present.items()
    }  # from the first listener: lanes carry the exact tick
    aligned = [measure.aligned(one, voices, begins) for one, voices in zip(heard, found, strict=True)]
    rows = [
        _listener(listener, one, voices, to_audience)
        for listener, one, voices in zip(state.listeners, aligned, found, strict=True)
    ]
    mutes = [row.muted for row in rows if row.muted is not None]
    last_sound = rows[0].muted.last_sound_tick if rows and rows[0].muted is not None else None
    lost, decoded = (
        sum(listener.lost for listener in state.listeners),
        sum(listener.decoded for listener in state.listeners),
    )
    silent = kept(cast, stage.ids, done.redactions, _stage_ear(done, spoken), list(map(Ear, aligned, found)))
    hidden = [one.phrase for one in silent if one.number]
    acts = [_act(cast, stage, tick, data, clock, present, last_sound) for tick, data in state.of_type(ActTaken)]
    return DemoReport(
        cast=cast.name,
        link=stage.link,
        seconds=done.seconds,
        model=stage.captions.model,
        speakers=[
            _speaker(stage, state, said, spoken[handle], begins.get(handle), hidden)
            for handle, said in done.said.items()
        ],
        acts=acts,
        reports=[_report(one) for one in done.reports],
        muted=_muted(stage, state, mutes),
        kicked=_kicked(stage, state, done),
        delay=stage.delay,
        kept=silent,
        listeners=rows,
        loss=round(lost / (lost + decoded), 6) if lost + decoded else None,
        worst_tick_lateness_ms=done.worst_lateness_ms,
        engine={name: int(done.metrics.get(f"spacesctl_engine_{name}_total", 0)) for name in ENGINE},
        headline=headline(acts, silent),
    )


def headline(acts: Sequence[DemoAct], silent: Sequence[DemoKept]) -> DemoHeadline:
    """The three numbers. An act without a phrase has no end of a word to be measured from; one that was not taken is none."""
    delays = [one.delay_to_act_ms for one in acts if one.delay_to_act_ms is not None and one.mode == "enforce"]
    words = [(len(one.phrase.split()), one.in_audience_db) for one in silent]
    return DemoHeadline(
        word_to_act_ms=round(median(delays)) if delays else None,
        words_found=sum(count for count, _ in words),
        words_never_aired=sum(count for count, level in words if level is not None and level <= NEVER_DB),
    )


def _spoken(stage: Stage, state: State, said: Said) -> Spoken:
    account = stage.ids[said.turn.script.person.handle]
    muted = [tick for tick, data in state.of_type(ServerMuted) if data.account_id == account]
    return Spoken(said.turn.script, said.tick, said.ticks * TICK_SECONDS, muted[0] if muted else None)


def _to_audience(stage: Stage, done: Performance, handle: str, spoken: Spoken) -> Spoken:
    """The same as the audience hears it: what it had not heard when a rule muted somebody went with that."""
    if spoken.muted is None:
        return spoken
    return replace(spoken, muted=silent_from(done.redactions, stage.ids[handle], spoken.muted))


def _on_stage_clock(heard: Heard, delay: float) -> Heard:
    """The sound of somebody in the audience at the ticks at which it was said."""
    return Heard(heard.first - round(delay * TICKS_PER_SECOND), heard.sound)


def _stage_ear(done: Performance, spoken: Mapping[str, Spoken]) -> Ear | None:
    if done.on_stage is None:
        return None
    heard = done.on_stage.heard()
    return Ear(heard, measure.voices(heard, spoken))


def _speaker(
    stage: Stage, state: State, said: Said, spoken: Spoken, begins: float | None, numbers: Sequence[str]
) -> DemoSpeaker:
    person = said.turn.script.person
    first = begins if begins is not None else said.tick
    heard_for = spoken.seconds
    if spoken.muted is not None:
        heard_for = max(0.0, min(heard_for, (spoken.muted - first) / TICKS_PER_SECOND))
    account = stage.ids[person.handle]
    captions = [data for _, data in state.of_type(CaptionSpoken) if data.account_id == account]
    end = first * TICK_SECONDS + said.turn.script.whole_until(heard_for) + AFTERWARDS
    words = [word.w for caption in captions for word in caption.words if word.start < end]
    reference = said.turn.script.text(heard_for)
    for number in numbers:  # captions have none
        reference = reference.replace(number, NUMBER)
    errors = word_errors(reference.split(), words)
    return DemoSpeaker(
        handle=f"@{person.handle}",
        role=person.role,
        way=said.way,
        said_seconds=round(spoken.seconds, 2),
        heard_seconds=round(heard_for, 2),
        first_tick=begins,
        captions=[caption.text for caption in captions],
        reference=reference,
        reference_words=errors.said,
        word_errors=errors.count,
        word_error_rate=round(errors.rate, 4) if errors.said else None,
    )


def _act(
    cast: Cast,
    stage: Stage,
    tick: int,
    data: ActTaken,
    heard: Heard,
    voices: Mapping[str, Voice],
    last_sound: float | None,
) -> DemoAct:
    handle = stage.handle_of(data.account_id)
    phrase_end = _phrase_end(cast, handle, data, heard, voices.get(handle))
    is_mute = data.action == "mute" and data.mode == "enforce"
    silent = (
        round((last_sound - phrase_end[1]) * MS_PER_TICK)
        if is_mute and phrase_end and last_sound is not None
        else UNSET
    )
    return DemoAct(
        rule=data.rule_id,
        action=data.action,
        mode=data.mode,
        handle=f"@{handle}",
        at_tick=tick,
        phrase=phrase_end[0].text if phrase_end else None,
        phrase_end_tick=phrase_end[1] if phrase_end else None,
        delay_to_act_ms=round((tick - phrase_end[1]) * MS_PER_TICK) if phrase_end else None,
        delay_to_last_sound_heard_ms=silent,
    )


def _phrase_end(
    cast: Cast, handle: str, data: ActTaken, heard: Heard, voice: Voice | None
) -> tuple[Phrase, float] | None:
    """The phrase that a rule matched, with the tick of its end: of all passes of the clip, the one nearest to the act's words."""
    person = next((one for one in cast.people if one.handle == handle), None)
    phrases = [one for one in person.phrases if one.rule == data.rule_id] if person else []
    if voice is None or not phrases:
        return None
    length = voice.spoken.script.period * TICK_SECONDS
    passes = range(int(voice.spoken.seconds // length) + 1)
    ends = [(one, round(measure.tick_of(heard, voice, one.end + n * length), 1)) for one in phrases for n in passes]
    return min(ends, key=lambda one: abs(one[1] - data.end_tick))


def _listener(
    listener: ProbeListener, heard: Heard, voices: Mapping[str, Voice | None], spoken: Mapping[str, Spoken]
) -> DemoListener:
    present = [voice for voice in voices.values() if voice is not None]

    def others(voice: Voice | None) -> list[Voice]:
        return [one for one in present if one is not voice]

    cut = (measure.silenced(heard, voice, others(voice)) for voice in present)
    silenced: Silenced | None = next((one for one in cut if one is not None), None)
    likeness = {
        f"@{handle}": measure.likeness_of(heard, spoken[handle], one, others(one)) for handle, one in voices.items()
    }
    return DemoListener(
        kind=listener.kind,
        account=listener.account or "anonymous",
        seconds=listener.seconds,
        lost=listener.lost,
        likeness=likeness,
        muted=MutedVoice(**silenced._asdict()) if silenced is not None else None,
        ended=listener.ended,
    )


def _muted(stage: Stage, state: State, mutes: Sequence[MutedVoice]) -> DemoMuted | None:
    events = state.of_type(ServerMuted)
    if not events:
        return None
    tick, data = events[0]
    levels = [one.heard_after_mute_db for one in mutes if one.heard_after_mute_db is not None]
    after = [one.likeness_after for one in mutes if one.likeness_after is not None]
    before = [one.likeness_before for one in mutes if one.likeness_before is not None]
    return DemoMuted(
        handle=f"@{stage.handle_of(data.account_id)}",
        reason=data.reason or "",
        at_tick=tick,
        lowest_likeness_before=min(before, default=None),
        highest_likeness_after=max(after, default=None),
        heard_after_mute_db=max(levels, default=None),
        seconds_sent_after=max((one.seconds_sent_after for one in mutes), default=None),
    )


def _kicked(stage: Stage, state: State, done: Performance) -> DemoKicked | None:
    events = state.of_type(Removed)
    if not events:
        return None
    tick, data = events[0]
    return DemoKicked(
        handle=f"@{stage.handle_of(data.account_id)}",
        by=f"@{stage.handle_of(data.by_id)}",
        reason=data.reason,
        at_tick=tick,
        tried_to_come_back=done.came_back,
    )


def _report(one: moderation.Report) -> DemoFiledReport:
    return DemoFiledReport(
        target=one.target.handle if one.target is not None else None,
        category=one.category,
        rule=one.by.id if one.by.kind == "rule" else None,
        text=one.text,
        confidence=one.confidence,
        start_tick=one.start_tick,
        end_tick=one.end_tick,
        clip=one.clip,
    )
