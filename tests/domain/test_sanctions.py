"""What takes a voice away, by a person or by a rule in the host's name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Gone, NotAllowed, Refused
from spacesctl.domain.principals import Person, Principal, Rule, described
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.sanctions import close_all_lanes, grant
from spacesctl.domain.space import Grant, Pin, Space
from spacesctl.domain.words import Kind, Role, RuleMode, Scope
from tests.domain.scenes import (
    ANN,
    BEN,
    BOT,
    COHOST,
    HOST,
    NOW,
    SPACE_ID,
    SPEAKER,
    THE_BOT,
    Refusal,
    by,
    events,
    live,
    named,
    over,
    raised,
    refusal,
    scheduled,
    with_person,
)

EVERYTHING = Grant(BOT, HOST, frozenset({"log", "report", "mute", "demote", "kick", "block"}))
THE_RULE = Rule("r1", HOST, BOT)
MUTED = with_person(live(), SPEAKER, server_muted=True, mic_open=False)


def imposed(action: str, target: str, by: Principal, reason: str = "", evidence: str = "") -> e.SanctionImposed:
    """The first sanction of a Space."""
    sanction = Sanction(f"{SPACE_ID}-1", action, target, described(by), reason, NOW, None, evidence)
    return e.SanctionImposed(sanction)


def test_a_mute_names_who_did_it_and_why() -> None:
    assert events(live(), c.Mute(by(COHOST), named(SPEAKER), "noise")) == [
        e.ServerMuted(SPEAKER, COHOST, "noise"),
        imposed("mute", SPEAKER, by(COHOST), "noise"),
    ]
    assert events(MUTED, c.Mute(by(COHOST), named(SPEAKER))) == [], "muted already"


@pytest.mark.parametrize("space", [live(), with_person(live(), ANN, demoted=True)])
def test_only_who_is_on_stage_is_muted_or_demoted(space: Space) -> None:
    for kind in (c.Mute, c.Demote):
        assert refusal(space, kind(by(HOST), named(ANN))) == Refusal(Refused, "not_on_stage")


def test_a_mute_is_lifted_by_somebody_else() -> None:
    assert events(MUTED, c.Unmute(by(COHOST), named(SPEAKER))) == [e.ServerUnmuted(SPEAKER, COHOST)]
    assert events(live(), c.Unmute(by(COHOST), named(SPEAKER))) == []
    assert events(live(), c.Unmute(by(COHOST), named(ANN))) == []
    own = with_person(live(), COHOST, server_muted=True)
    assert refusal(own, c.Unmute(by(COHOST), named(COHOST))) == Refusal(NotAllowed, "unmute")


def test_who_is_demoted_by_another_needs_an_approval_and_who_steps_down_does_not() -> None:
    closed = e.LaneClosed(SPEAKER, 1, "demoted")
    demoted = events(live(), c.Demote(by(HOST), named(SPEAKER)))
    assert demoted == [
        closed,
        e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True),
        imposed("demote", SPEAKER, by(HOST)),
    ]
    stepped = events(live(), c.Demote(by(SPEAKER), named(SPEAKER)))
    assert stepped == [closed, e.RoleChanged(SPEAKER, Role.LISTENER, demoted=False)]
    assert events(live(), c.Demote(by(HOST), named(COHOST))) == [
        e.RoleChanged(COHOST, Role.LISTENER, demoted=True),
        imposed("demote", COHOST, by(HOST)),
    ]
    assert refusal(live(), c.Demote(by(HOST), named(HOST))) == Refusal(NotAllowed, "demote")


def test_a_kick_takes_the_seat_the_hand_and_what_was_shared() -> None:
    pins = tuple(
        Pin(str(n), "link", f"https://example.org/{n}", "T", who, 0) for n, who in enumerate([SPEAKER, HOST, SPEAKER])
    )
    space = live(hands=raised(SPEAKER, ANN), pinned=pins)
    assert events(space, c.Kick(by(COHOST), named(SPEAKER), "noise")) == [
        e.LaneClosed(SPEAKER, 1, "kicked"),
        e.HandLowered(SPEAKER, "denied"),
        e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True),
        e.Unpinned("0"),
        e.Unpinned("2"),
        e.Removed(SPEAKER, COHOST, "noise", True),
        imposed("kick", SPEAKER, by(COHOST), "noise"),
    ]
    assert events(live(), c.Kick(by(COHOST), named(ANN))) == [
        e.Removed(ANN, COHOST, "", True),
        imposed("kick", ANN, by(COHOST)),
    ]


def test_a_kick_that_does_nothing_or_may_not_be() -> None:
    assert events(live(barred={ANN: ""}), c.Kick(by(HOST), named(ANN))) == []
    assert refusal(live(), c.Kick(by(COHOST), named(COHOST))) == Refusal(Refused, "is_you")
    assert events(scheduled(), c.Kick(by(HOST), named(ANN))), "also before the start"


@pytest.mark.parametrize("kind", [c.Mute, c.Unmute, c.Demote, c.Kick])
def test_after_the_end_nobody_is_punished(kind: type[c.Mute | c.Unmute | c.Demote | c.Kick]) -> None:
    assert refusal(over(), kind(by(HOST), named(SPEAKER))) == Refusal(Gone, "ended")


@pytest.mark.parametrize("kind", [c.Mute, c.Unmute, c.Demote])
def test_before_the_start_there_is_no_voice_to_take(kind: type[c.Mute | c.Unmute | c.Demote | c.Kick]) -> None:
    assert refusal(scheduled(), kind(by(HOST), named(COHOST))) == Refusal(Refused, "not_live", True)


def test_whom_the_host_blocks_is_out_but_not_barred() -> None:
    out = named(SPEAKER, blocked=True)
    assert events(live(), c.RemoveBlocked(by(HOST), out)) == [
        e.LaneClosed(SPEAKER, 1, "blocked"),
        e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True),
        e.Removed(SPEAKER, HOST, "", False),
    ]
    assert events(over(), c.RemoveBlocked(by(HOST), out)) == []
    assert events(live(), c.RemoveBlocked(by(COHOST), named(SPEAKER))) == [], "no block keeps them out"
    assert events(live(), c.RemoveBlocked(by(COHOST), named(HOST, blocked=True))) == [], "the host stays"


def reported(account_id: str) -> e.ReportFiled:
    return e.ReportFiled("77", "rule:r1", account_id, BOT, lane=1, tick=50, act="key")


def act(action: str, whom: c.Target, mode: RuleMode = "enforce", caller: Principal | None = None) -> c.TakeAct:
    return c.TakeAct(caller or THE_RULE, "key", "r1", mode, action, whom, 1, 50, 75, "77")


def taken(action: str, whom: str, mode: str = "enforce") -> e.ActTaken:
    return e.ActTaken("key", "r1", mode, action, whom, 1, 50, 75)


KICKED = [e.LaneClosed(SPEAKER, 1, "kicked"), e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True)]
DEMOTED = [e.LaneClosed(SPEAKER, 1, "demoted"), e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True)]
BLOCKED = [e.LaneClosed(SPEAKER, 1, "blocked"), e.RoleChanged(SPEAKER, Role.LISTENER, demoted=True)]


@pytest.mark.parametrize(
    ("action", "consequence"),
    [
        ("log", []),
        ("report", [reported(SPEAKER)]),
        ("mute", [e.ServerMuted(SPEAKER, BOT, "rule r1"), imposed("mute", SPEAKER, THE_RULE, "rule r1", "key")]),
        ("demote", [*DEMOTED, imposed("demote", SPEAKER, THE_RULE, "rule r1", "key")]),
        (
            "kick",
            [
                *KICKED,
                e.Removed(SPEAKER, BOT, "rule r1", True),
                imposed("kick", SPEAKER, THE_RULE, "rule r1", "key"),
            ],
        ),
        ("block", [*BLOCKED, e.Removed(SPEAKER, BOT, "rule r1", False)]),
    ],
)
def test_an_enforced_act_is_recorded_and_done_and_any_other_only_recorded(
    action: str, consequence: list[e.Event]
) -> None:
    space = live(grant=EVERYTHING)
    assert events(space, act(action, named(SPEAKER))) == [taken(action, SPEAKER), *consequence]
    for mode in ("shadow", "suggest", "held", "unconfirmed"):
        happened = events(space, act(action, named(SPEAKER), mode))
        assert [one for one in happened if not isinstance(one, e.SuggestionMade)] == [taken(action, SPEAKER, mode)]
        left = mode in ("suggest", "held") and action in ("mute", "demote", "kick", "block")
        assert len(happened) == 1 + left, "what is left to a person is suggested"


@pytest.mark.parametrize("action", ["mute", "demote", "kick", "block"])
@pytest.mark.parametrize(
    ("space", "whom"),
    [
        (live(), named(HOST)),
        (live(), named(COHOST)),
        (live(), named(SPEAKER, kind=Kind.BOT)),
    ],
)
def test_hosts_co_hosts_and_bots_are_reported_and_never_punished(action: str, space: Space, whom: c.Target) -> None:
    space = replace(space, grant=EVERYTHING)
    assert events(space, act(action, whom)) == [replace(taken(action, whom.account_id), mode="shadow")]
    assert events(space, act("report", whom))[1:] == [reported(whom.account_id)]


def test_what_a_rule_did_already_is_not_done_again() -> None:
    out = replace(live(barred={ANN: ""}), grant=EVERYTHING)
    assert events(out, act("kick", named(ANN))) == [taken("kick", ANN)]
    assert events(out, act("block", named(ANN))) == [taken("block", ANN)]
    assert events(out, act("demote", named(ANN))) == [replace(taken("demote", ANN), mode="shadow")]
    muted = replace(MUTED, grant=EVERYTHING)
    assert events(muted, act("mute", named(SPEAKER))) == [taken("mute", SPEAKER)]


@pytest.mark.parametrize(
    ("space", "caller", "expected"),
    [
        (live(grant=None), THE_BOT, Refusal(NotAllowed, "take_act")),
        (live(grant=Grant(BOT, HOST, frozenset({"log"}))), THE_BOT, Refusal(NotAllowed, "take_act")),
        (live(grant=EVERYTHING), Person(BEN, scopes=frozenset({Scope.BOT})), Refusal(NotAllowed, "take_act")),
        (live(grant=EVERYTHING), Rule("r1", HOST, BEN), Refusal(NotAllowed, "take_act")),
        (live(grant=EVERYTHING), by(HOST), Refusal(NotAllowed, "take_act")),
        (scheduled(grant=EVERYTHING), THE_BOT, Refusal(Refused, "not_live", True)),
    ],
)
def test_without_the_hosts_grant_to_this_bot_no_rule_acts(space: Space, caller: Principal, expected: Refusal) -> None:
    assert refusal(space, act("mute", named(SPEAKER), caller=caller)) == expected


def test_a_grant_always_holds_what_punishes_nobody() -> None:
    assert grant(HOST, c.SetRules(by(HOST), "h", BOT, frozenset({"mute"}))) == Grant(
        BOT, HOST, frozenset({"mute", "log", "alert", "report"})
    )


def test_all_lanes_close_for_one_reason() -> None:
    space = with_person(live(), COHOST, lane=3)
    assert close_all_lanes(space, "ended") == [e.LaneClosed(COHOST, 3, "ended"), e.LaneClosed(SPEAKER, 1, "ended")]
