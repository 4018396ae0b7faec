"""Every command, asked by everybody: who may, and with which reason the others are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import NotAllowed, NotSignedIn, SpacesError
from spacesctl.domain.permissions import (
    TABLE,
    Action,
    Standing,
    may,
    require,
    require_admittance,
    require_over,
    standings,
)
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Grant, Invite, Pin, Space
from spacesctl.domain.words import InviteState, ListenerPolicy, Policy, RecordingMode, Role, State
from tests.domain.scenes import (
    ADMIN,
    AN_ADMIN,
    ANN,
    BEN,
    BOT,
    CAT,
    COHOST,
    HOST,
    NOBODY,
    NOW,
    SPEAKER,
    THE_BOT,
    by,
    live,
    named,
    raised,
    scheduled,
    told,
    with_person,
)

CALLERS = {
    "host": by(HOST),
    "cohost": by(COHOST),
    "speaker": by(SPEAKER),
    "account": by(ANN),
    "admin": AN_ADMIN,
    "bot": THE_BOT,
    "nobody": NOBODY,
}
STAFF = {"host", "cohost"}
ON_STAGE = STAFF | {"speaker"}
ACCOUNTS = ON_STAGE | {"account", "admin", "bot"}


def busy() -> Space:
    """Ben asks to speak and is invited, a link of the co-host is pinned, and rules may mute."""
    return live(
        policy=Policy.EVERYONE,
        hands=raised(BEN),
        invites={BEN: Invite(BEN, Role.SPEAKER, InviteState.PENDING, HOST)},
        pinned=(Pin("4", "link", "https://example.org/", "T", COHOST, 0),),
        grant=Grant(BOT, HOST, frozenset({"log", "mute"})),
        rules_hash="0" * 64,
        people=with_person(with_person(live(), COHOST, lane=7, mic_open=True), HOST, lane=8, mic_open=True).people,
    )


@pytest.mark.parametrize(
    ("command", "reason", "allowed"),
    [
        (c.End(NOBODY), "end", {"host", "admin"}),
        (c.Edit(NOBODY, "New"), "edit", {"host"}),
        (c.ChangePolicy(NOBODY, Policy.INVITED), "policy", STAFF),
        (c.SwitchCaptions(NOBODY, False), "captions", {"host"}),
        (c.SetRules(NOBODY, None, BOT, frozenset()), "rules", {"host"}),
        (c.SendInvites(NOBODY, (named(ANN),)), "invite", STAFF),
        (c.RevokeInvites(NOBODY, (named(BEN),)), "invite", STAFF),
        (c.Promote(NOBODY, named(SPEAKER)), "promote", {"host"}),
        (c.HandOver(NOBODY, named(COHOST)), "hand_over", {"host"}),
        (c.AnswerHand(NOBODY, named(BEN), True), "answer_hand", STAFF),
        (c.SetMic(NOBODY, False), "set_mic", ON_STAGE),
        (c.PinUp(NOBODY, "link", "https://example.net/"), "share", ON_STAGE),
        (c.Unpin(NOBODY, "4"), "unshare", STAFF | {"admin"}),
        (c.StartRecording(NOBODY, RecordingMode.MIX), "record", {"host"}),
        (c.AddCaption(NOBODY, 1, 1, "x", 0, 1, (), SPEAKER, "@p"), "post_captions", {"bot"}),
        (c.TakeAct(NOBODY, "k", "r", "shadow", "mute", named(SPEAKER), 1, 0, 1), "take_act", {"bot"}),
        (c.FileReport(NOBODY, "1", "spam", None, there=True), "report", ACCOUNTS),
        (c.OpenMic(NOBODY), "open_mic", ACCOUNTS - {"bot"}),
        (c.AnswerInvite(NOBODY, True), "answer_invite", set()),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, c.Command) else None,
)
def test_a_command_is_for_these_and_refused_to_all_others(command: c.Command, reason: str, allowed: set[str]) -> None:
    for name, caller in CALLERS.items():
        asked = replace(command, by=caller)
        if name in allowed:
            assert decide(busy(), asked, NOW), name
            continue
        with pytest.raises(SpacesError) as caught:
            decide(busy(), asked, NOW)
        if name == "nobody":
            assert isinstance(caught.value, NotSignedIn)
        else:
            assert (type(caught.value), caught.value.reason) == (NotAllowed, reason), name


@pytest.mark.parametrize(
    ("command", "reason", "allowed"),
    [(c.Start(NOBODY), "start", {"host", "admin"}), (c.Cancel(NOBODY), "cancel", {"host", "admin"})],
)
def test_a_space_that_has_not_begun_is_for_its_host(command: c.Command, reason: str, allowed: set[str]) -> None:
    for name, caller in CALLERS.items():
        if name in allowed:
            assert decide(scheduled(), replace(command, by=caller), NOW)
        elif name != "nobody":
            with pytest.raises(NotAllowed) as caught:
                decide(scheduled(), replace(command, by=caller), NOW)
            assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.Miss(NOBODY), "miss"),
        (c.SendReminders(NOBODY, "start"), "remind"),
        (c.HostGone(NOBODY), "host_gone"),
        (c.TakeOut(NOBODY, named(SPEAKER), "suspended"), "take_out"),
        (c.CloseMic(NOBODY, 1), "close_mic"),
    ],
)
def test_what_the_system_does_is_for_nobody_else(command: c.Command, reason: str) -> None:
    for name, caller in CALLERS.items():
        with pytest.raises(NotSignedIn if name == "nobody" else NotAllowed) as caught:
            decide(busy(), replace(command, by=caller), NOW)
        assert name == "nobody" or caught.value.reason == reason


@pytest.mark.parametrize("kind", [c.Mute, c.Unmute, c.Demote, c.Kick])
def test_a_voice_is_taken_by_staff_and_admins_from_who_ranks_below(
    kind: type[c.Mute | c.Unmute | c.Demote | c.Kick],
) -> None:
    action = kind.__name__.lower()
    space = with_person(
        with_person(busy(), SPEAKER, server_muted=kind is c.Unmute), COHOST, server_muted=kind is c.Unmute
    )
    allowed = {SPEAKER: {"host", "cohost", "admin"}, COHOST: {"host", "admin"}, HOST: set()}
    for target, mine in allowed.items():
        for name, caller in CALLERS.items():
            if caller.account_id == target and kind in (c.Demote, c.Mute, c.Kick):
                continue  # stepping down, which is another test's
            if name in mine:
                assert decide(space, kind(caller, named(target)), NOW), (name, target)
                continue
            with pytest.raises(SpacesError) as caught:
                decide(space, kind(caller, named(target)), NOW)
            if name == "nobody":
                assert isinstance(caught.value, NotSignedIn)
            else:
                assert (type(caught.value), caught.value.reason) == (NotAllowed, action), (name, target)
                assert told(caught.value)


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (NOBODY, {Standing.ANONYMOUS}),
        (by(ANN), {Standing.ACCOUNT}),
        (by(BEN), {Standing.ACCOUNT, Standing.INVITED}),
        (by(SPEAKER), {Standing.ACCOUNT, Standing.SPEAKER}),
        (by(COHOST), {Standing.ACCOUNT, Standing.COHOST}),
        (by(HOST), {Standing.ACCOUNT, Standing.HOST}),
        (AN_ADMIN, {Standing.ACCOUNT, Standing.ADMIN}),
        (THE_BOT, {Standing.ACCOUNT, Standing.BOT}),
        (replace(AN_ADMIN, account_id=HOST), {Standing.ACCOUNT, Standing.HOST, Standing.ADMIN}),
    ],
)
def test_somebody_is_all_of_this_to_a_space(caller: Person, expected: set[Standing]) -> None:
    assert standings(busy(), caller) == expected


@pytest.mark.parametrize(
    ("state", "invited"),
    [
        (InviteState.PENDING, True),
        (InviteState.ACCEPTED, True),
        (InviteState.DECLINED, True),
        (InviteState.REVOKED, False),
    ],
)
def test_only_an_invitation_taken_back_no_longer_counts(state: InviteState, invited: bool) -> None:
    space = live(invites={BEN: Invite(BEN, Role.SPEAKER, state, HOST)})
    assert (Standing.INVITED in standings(space, by(BEN))) is invited


@pytest.mark.parametrize(
    ("captions", "rules_hash", "hears"), [(True, None, True), (False, "0" * 64, True), (False, None, False)]
)
def test_the_bot_has_business_only_where_captions_or_rules_are_on(
    captions: bool, rules_hash: str | None, hears: bool
) -> None:
    space = live(captions=captions, rules_hash=rules_hash)
    assert space.is_watched is hears
    assert may(space, THE_BOT, Action.READ_LANES) is hears


def test_every_action_has_its_line_in_the_table() -> None:
    assert set(TABLE) == set(Action)
    assert all(TABLE.values())


def test_nobody_may_do_what_needs_an_account_and_is_told_to_sign_in() -> None:
    with pytest.raises(NotSignedIn) as caught:
        require(live(), NOBODY, Action.RAISE)
    assert told(caught.value).todo
    require(live(), NOBODY, Action.LISTEN)


@pytest.mark.parametrize(
    ("caller", "blocked", "reason"),
    [
        (by(ANN), False, None),
        (by(ANN), True, "blocked"),
        (by(BEN), False, "barred"),
        (by(BEN), True, "barred"),
        (by(HOST), True, None),
        (NOBODY, True, None),
    ],
)
def test_who_is_kept_out_of_a_space(caller: Person, blocked: bool, reason: str | None) -> None:
    space = live(barred={BEN: "noise"})
    if reason is None:
        require_admittance(space, caller, blocked=blocked)
        return
    with pytest.raises(NotAllowed) as caught:
        require_admittance(space, caller, blocked=blocked)
    assert told(caught.value).reason == reason


def test_a_space_for_accounts_tells_who_is_not_signed_in_why() -> None:
    with pytest.raises(NotSignedIn) as caught:
        require_admittance(live(listeners=ListenerPolicy.ACCOUNTS), NOBODY, blocked=False)
    assert "signed-in" in caught.value.message


def test_one_may_act_on_oneself_and_not_on_an_equal() -> None:
    space = with_person(live(), ANN, role=Role.COHOST)
    require_over(space, by(COHOST), COHOST, Action.MUTE)
    require_over(space, by(COHOST), SPEAKER, Action.MUTE)
    with pytest.raises(NotAllowed) as caught:
        require_over(space, by(COHOST), ANN, Action.MUTE)
    assert told(caught.value).reason == "mute"


def test_an_admin_stands_above_co_hosts_and_not_above_the_host() -> None:
    require_over(live(), AN_ADMIN, COHOST, Action.KICK)
    require_over(live(), AN_ADMIN, ADMIN, Action.KICK)
    with pytest.raises(NotAllowed) as caught:
        require_over(live(), AN_ADMIN, HOST, Action.KICK)
    assert told(caught.value).reason == "kick"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (Action.END, "only the host and admins may do this here (end)"),
        (Action.SET_MIC, "only the host, co-hosts and speakers may do this here (set mic)"),
        (Action.READ_LANES, "only its bot may do this here (read lanes)"),
        (Action.MISS, "only the server may do this here (miss)"),
        (
            Action.REDACT,
            "only the host, co-hosts and admins may do this here (redact); speakers can take back their own words: `cough`",
        ),
    ],
)
def test_who_may_not_is_told_who_may(action: Action, told: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        require(live(), by(CAT), action)
    assert str(refused.value) == told


def test_after_its_end_co_hosts_are_not_named_for_what_is_the_host_s_then() -> None:
    with pytest.raises(NotAllowed, match="only the host and admins may"):
        require(live(state=State.ENDED), by(COHOST), Action.SEE_REPORTS)
