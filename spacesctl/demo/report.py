"""The report of a demo. All numbers come from the sound that listeners decoded, the Space's events, and the server's metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bots.casts import Cast, Phrase
from bots.wer import word_errors
from spacesctl.demo import measure
from spacesctl.demo.measure import Silenced, Spoken, Voice
from spacesctl.demo.show import Performance, Said
from spacesctl.demo.stage import Stage
from spacesctl.demo.state import State
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.probe.probe_listener import Heard, ProbeListener

MS_PER_TICK = 20
"""Milliseconds of a tick."""
AFTERWARDS = 0.3
"""Seconds after the last complete sentence in which a recognised word still counts; incomplete sentences are not compared."""
ENGINE = ("packets_dropped", "frames_lost", "frames_late", "frames_skipped", "ticks_skipped", "packets_out_dropped")


def report(cast: Cast, stage: Stage, state: State, done: Performance) -> dict[str, Any]:
    """The report as one JSON object. It takes a second or two to compute."""
    spoken = {handle: _spoken(stage, state, said) for handle, said in done.said.items()}
    heard = [listener.heard() for listener in state.listeners]
    found = [measure.voices(one, spoken) for one in heard]
    clock, present = heard[0], {handle: voice for handle, voice in found[0].items() if voice is not None}
    begins = {
        handle: measure.tick_of(clock, voice) for handle, voice in present.items()
    }  # from the first listener: lanes carry the exact tick
    aligned = [measure.aligned(one, voices, begins) for one, voices in zip(heard, found, strict=True)]
    rows = [
        _listener(listener, one, voices, spoken)
        for listener, one, voices in zip(state.listeners, aligned, found, strict=True)
    ]
    mutes = [row["muted"] for row in rows if row["muted"] is not None]
    last_sound = rows[0]["muted"]["last_sound_tick"] if rows and rows[0]["muted"] else None
    lost, decoded = (
        sum(listener.lost for listener in state.listeners),
        sum(listener.decoded for listener in state.listeners),
    )
    return {
        "cast": cast.name,
        "link": stage.link,
        "seconds": done.seconds,
        "model": stage.captions.get("model"),
        "speakers": [
            _speaker(stage, state, said, spoken[handle], begins.get(handle)) for handle, said in done.said.items()
        ],
        "acts": [_act(cast, stage, event, clock, present, last_sound) for event in state.of_type("act.taken")],
        "reports": [_report(row) for row in done.reports.get("data", [])],
        "muted": _muted(stage, state, mutes),
        "kicked": _kicked(stage, state, done),
        "listeners": rows,
        "loss": round(lost / (lost + decoded), 6) if lost + decoded else None,
        "worst_tick_lateness_ms": done.worst_lateness_ms,
        "engine": {name: int(done.metrics.get(f"spacesctl_engine_{name}_total", 0)) for name in ENGINE},
    }


def _spoken(stage: Stage, state: State, said: Said) -> Spoken:
    account = stage.ids[said.turn.script.person.handle]
    muted = [event["tick"] for event in state.of_type("person.muted") if event["data"]["account_id"] == account]
    return Spoken(said.turn.script, said.tick, said.ticks * TICK_SECONDS, muted[0] if muted else None)


def _speaker(stage: Stage, state: State, said: Said, spoken: Spoken, begins: float | None) -> dict[str, Any]:
    person = said.turn.script.person
    first = begins if begins is not None else said.tick
    heard_for = spoken.seconds
    if spoken.muted is not None:
        heard_for = max(0.0, min(heard_for, (spoken.muted - first) / TICKS_PER_SECOND))
    account = stage.ids[person.handle]
    captions = [event["data"] for event in state.of_type("caption") if event["data"]["account_id"] == account]
    end = first * TICK_SECONDS + said.turn.script.whole_until(heard_for) + AFTERWARDS
    words = [word["w"] for caption in captions for word in caption["words"] if word["start"] < end]
    errors = word_errors(said.turn.script.text(heard_for).split(), words)
    return {
        "handle": f"@{person.handle}",
        "role": person.role,
        "way": said.way,
        "said_seconds": round(spoken.seconds, 2),
        "heard_seconds": round(heard_for, 2),
        "first_tick": begins,
        "captions": [caption["text"] for caption in captions],
        "reference": said.turn.script.text(heard_for),
        "reference_words": errors.said,
        "word_errors": errors.count,
        "word_error_rate": round(errors.rate, 4) if errors.said else None,
    }


def _act(
    cast: Cast,
    stage: Stage,
    event: dict[str, Any],
    heard: Heard,
    voices: Mapping[str, Voice],
    last_sound: float | None,
) -> dict[str, Any]:
    """An act of a rule. `delay_to_act_ms` is from the end of the phrase, as the listener heard it, to the act's stored tick."""
    data = event["data"]
    handle = stage.handle_of(data["account_id"])
    phrase_end = _phrase_end(cast, handle, data, heard, voices.get(handle))
    row = {
        "rule": data["rule_id"],
        "action": data["action"],
        "mode": data["mode"],
        "handle": f"@{handle}",
        "at_tick": event["tick"],
        "phrase": phrase_end[0].text if phrase_end else None,
        "phrase_end_tick": phrase_end[1] if phrase_end else None,
        "delay_to_act_ms": round((event["tick"] - phrase_end[1]) * MS_PER_TICK) if phrase_end else None,
    }
    if data["action"] == "mute" and data["mode"] == "enforce" and phrase_end and last_sound is not None:
        row["delay_to_last_sound_heard_ms"] = round((last_sound - phrase_end[1]) * MS_PER_TICK)
    return row


def _phrase_end(
    cast: Cast, handle: str, data: dict[str, Any], heard: Heard, voice: Voice | None
) -> tuple[Phrase, float] | None:
    """The phrase that a rule matched, with the tick of its end: of all passes of the clip, the one nearest to the act's words."""
    person = next((one for one in cast.people if one.handle == handle), None)
    phrases = [one for one in person.phrases if one.rule == data["rule_id"]] if person else []
    if voice is None or not phrases:
        return None
    length = voice.spoken.script.period * TICK_SECONDS
    passes = range(int(voice.spoken.seconds // length) + 1)
    ends = [(one, round(measure.tick_of(heard, voice, one.end + n * length), 1)) for one in phrases for n in passes]
    return min(ends, key=lambda one: abs(one[1] - data["end_tick"]))


def _listener(
    listener: ProbeListener, heard: Heard, voices: Mapping[str, Voice | None], spoken: Mapping[str, Spoken]
) -> dict[str, Any]:
    present = [voice for voice in voices.values() if voice is not None]

    def others(voice: Voice | None) -> list[Voice]:
        return [one for one in present if one is not voice]

    cut = (measure.silenced(heard, voice, others(voice)) for voice in present)
    silenced: Silenced | None = next((one for one in cut if one is not None), None)
    likeness = {
        f"@{handle}": measure.likeness_of(heard, spoken[handle], one, others(one)) for handle, one in voices.items()
    }
    return {
        "kind": listener.kind,
        "account": listener.account or "anonymous",
        "seconds": listener.seconds,
        "lost": listener.lost,
        "likeness": likeness,
        "muted": silenced._asdict() if silenced is not None else None,
        "ended": listener.ended,
    }


def _muted(stage: Stage, state: State, mutes: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The first mute, with the highest level of that voice at any listener afterwards."""
    events = state.of_type("person.muted")
    if not events:
        return None
    levels = [one["heard_after_mute_db"] for one in mutes if one["heard_after_mute_db"] is not None]
    after = [one["likeness_after"] for one in mutes if one["likeness_after"] is not None]
    before = [one["likeness_before"] for one in mutes if one["likeness_before"] is not None]
    return {
        "handle": f"@{stage.handle_of(events[0]['data']['account_id'])}",
        "reason": events[0]["data"]["reason"],
        "at_tick": events[0]["tick"],
        "lowest_likeness_before": min(before, default=None),
        "highest_likeness_after": max(after, default=None),
        "heard_after_mute_db": max(levels, default=None),
        "seconds_sent_after": max((one["seconds_sent_after"] for one in mutes), default=None),
    }


def _kicked(stage: Stage, state: State, done: Performance) -> dict[str, Any] | None:
    events = state.of_type("person.removed")
    if not events:
        return None
    data = events[0]["data"]
    return {
        "handle": f"@{stage.handle_of(data['account_id'])}",
        "by": f"@{stage.handle_of(data['by'])}",
        "reason": data["reason"],
        "at_tick": events[0]["tick"],
        "tried_to_come_back": done.came_back,
    }


def _report(row: dict[str, Any]) -> dict[str, Any]:
    keys = ("target", "category", "rule", "text", "confidence", "start_tick", "end_tick", "clip")
    return {key: row[key] for key in keys}
