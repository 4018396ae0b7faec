"""The state machine under any sequence of commands: whatever is asked, in whatever order, these things stay true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.actions import MEASURES
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import Gone, NotAllowed, SpacesError
from spacesctl.domain.evolve import evolve, evolve_all
from spacesctl.domain.principals import Person, System
from spacesctl.domain.space import MAX_COHOSTS, MAX_PINS, MAX_SPEAKERS, Space
from spacesctl.domain.words import Kind, Policy, Role, RuleMode, Scope, State

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PEOPLE = [f"{n:020d}" for n in range(16)]
HOST, BOT = PEOPLE[0], "9" * 19
people = st.sampled_from(PEOPLE)


def caller(account_id: str) -> Person:
    return Person(account_id, f"p{int(account_id)}", Kind.PERSON, frozenset({Scope.USE}))


def person(account_id: str) -> c.Target:
    return c.Target(account_id, f"p{int(account_id)}")


class SpaceMachine(RuleBasedStateMachine):
    """Sixteen people do anything; refusals are part of it."""

    @initialize(policy=st.sampled_from(Policy))
    def create(self, policy: Policy) -> None:
        self.now = NOW
        self.history: list[tuple[e.Event, datetime]] = []
        """With when they were, as the log has them."""
        self.lanes_seen: set[int] = set()
        self.ever_barred: set[str] = set()
        self.ever_over = False
        self.space: Space | None = None
        self.ask(c.Create(caller(HOST), "A" * 13, "Title", policy))

    def ask(self, command: c.Command) -> list[e.Event]:
        self.now += timedelta(milliseconds=20)
        try:
            events = decide(self.space, command, self.now)
        except SpacesError as error:
            if self.space is not None and self.space.is_over and not isinstance(command, c.CloseMic):
                assert isinstance(error, Gone | NotAllowed)  # noqa: PT017  # one of many outcomes of a random walk
            return []
        muting = self.space is not None and any(
            one.action in ("mute", "hold") and (one.until is None or one.until > self.now)
            for one in self.space.measures
        )
        for event in events:
            if isinstance(event, e.RoleChanged) and event.role is Role.SPEAKER and muting and self.space is not None:
                came = self.space.role_of(event.account_id) is Role.LISTENER
                ends = any(isinstance(other, e.MeasureEnded | e.HoldEnded) for other in events)
                after = evolve_all(self.space, events, self.now)
                assert after is not None
                assert not came or ends or after.people[event.account_id].server_muted, "who comes is muted"
            if isinstance(event, e.LaneOpened):
                assert event.lane not in self.lanes_seen, "a lane number is used once"
                assert event.account_id not in self.ever_barred, "who is barred speaks nowhere"
                self.lanes_seen.add(event.lane)
            if isinstance(event, e.Removed) and event.barred:
                self.ever_barred.add(event.account_id)
            elif isinstance(event, e.Readmitted):
                self.ever_barred.discard(event.account_id)
        before = self.space.seq if self.space else 0
        self.space = evolve_all(self.space, events, self.now)
        self.history += [(event, self.now) for event in events]
        assert self.space is not None
        assert self.space.seq == before + len(events)
        return events

    @rule()
    def start(self) -> None:
        self.ask(c.Start(caller(HOST)))

    @rule(by=people, chance=st.integers(0, 9))
    def end(self, by: str, chance: int) -> None:
        if chance == 0:  # rarely, or most histories would be short
            self.ask(c.End(caller(by)))

    @rule(by=people, chance=st.integers(0, 19))
    def cancel(self, by: str, chance: int) -> None:
        if chance == 0:
            live = self.space is not None and self.space.state is State.LIVE
            assert not (self.ask(c.Cancel(caller(by))) and live), "what is live is ended, not canceled"

    @rule(by=people, title=st.none() | st.text(max_size=80), ahead=st.none() | st.integers(-5, 5))
    def edit(self, by: str, title: str | None, ahead: int | None) -> None:
        start = None if ahead is None else self.now + timedelta(hours=ahead)
        if self.ask(c.Edit(caller(by), title, scheduled_start=start)):
            assert self.space is not None
            assert by == self.space.host_id
            assert 1 <= len(self.space.title) <= 70

    @rule(by=people, whom=people)
    def promote(self, by: str, whom: str) -> None:
        was_host = self.space is not None and self.space.host_id == by
        assert not self.ask(c.Promote(caller(by), person(whom))) or was_host

    @rule(by=people, whom=people)
    def hand_over(self, by: str, whom: str) -> None:
        was_host = self.space is not None and self.space.host_id == by
        assert not self.ask(c.HandOver(caller(by), person(whom))) or was_host

    @rule(kind=st.sampled_from(["away", "back"]), who=people)
    def host_away(self, kind: str, who: str) -> None:
        clock = System("host_away")
        self.ask(c.HostAway(clock, timedelta(seconds=60)) if kind == "away" else c.HostBack(clock, who))

    @rule(by=people, number=st.integers(1, 6))
    def undo(self, by: str, number: int) -> None:
        self.ask(c.Undo(caller(by), f"{chr(65) * 13}-{number}"))

    @rule(minutes=st.integers(0, 9))
    def lift_expired(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.ask(c.LiftExpired(System("schedule")))
        assert self.space is not None
        assert all(one.until is None or one.until > self.now for one in self.space.sanctions.values())

    @rule(
        by=people, action=st.sampled_from(MEASURES), minutes=st.none() | st.integers(1, 9), inside=st.frozensets(people)
    )
    def take_measure(self, by: str, action: str, minutes: int | None, inside: frozenset[str]) -> None:
        assert self.space is not None
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        mine, before = self.space.role_of(by), self.space
        if self.ask(c.TakeMeasure(caller(by), action, "", until, inside=inside)):
            assert mine.rank >= Role.COHOST.rank, "only staff does something about all"
            for one in self.space.people.values():
                if before.role_of(one.account_id).rank >= mine.rank:
                    assert before.people[one.account_id] == one, "and nothing about equals"
                elif action == "mute" and one.role is not Role.LISTENER:
                    assert one.server_muted

    @rule(by=people, action=st.sampled_from(MEASURES))
    def end_measure(self, by: str, action: str) -> None:
        assert self.space is not None
        was = self.space.measure(action)
        if self.ask(c.EndMeasure(caller(by), action)):
            assert was is not None
            assert self.space.measure(action) is None
            came = {one.target for one in self.space.sanctions.values() if one.came_with == action}
            assert came <= {by}, "what came with it is over, but for who ended it"

    @rule(by=people)
    def panic(self, by: str) -> None:
        self.ask(c.Panic(caller(by), self.now + timedelta(minutes=5)))

    @rule(chance=st.integers(0, 9), present=st.frozensets(people))
    def host_gone(self, chance: int, present: frozenset[str]) -> None:
        if chance == 0:
            assert self.space is not None
            before = self.space.host_id
            self.ask(c.HostGone(System("host_gone"), present))
            if self.space.host_id == before:
                assert all(one.lane is None for one in self.space.people.values()) or self.space.state is not State.LIVE

    @rule(
        chance=st.integers(0, 9),
        whom=people,
        why=st.sampled_from(["suspended", "deleted"]),
        present=st.frozensets(people),
        call_off=st.booleans(),
    )
    def take_out(self, chance: int, whom: str, why: str, present: frozenset[str], call_off: bool) -> None:
        if chance:
            return
        assert self.space is not None
        before = self.space
        self.ask(c.TakeOut(System(why), person(whom), why, present, call_off))
        if before.is_over:
            assert self.space == before
        elif not self.space.is_over and not (before.state is State.SCHEDULED and before.host_id == whom):
            assert self.space.role_of(whom) is Role.LISTENER
            assert whom not in self.space.parts()
            assert self.space.former_host != whom or before.host_id == whom

    @rule(by=people, whom=people)
    def uninvite(self, by: str, whom: str) -> None:
        self.ask(c.RevokeInvites(caller(by), (person(whom),)))

    @rule(by=people, policy=st.sampled_from(Policy))
    def change_policy(self, by: str, policy: Policy) -> None:
        self.ask(c.ChangePolicy(caller(by), policy))

    @rule(by=people, whom=st.lists(people, min_size=1, max_size=16, unique=True), role=st.sampled_from(Role))
    def invite(self, by: str, whom: list[str], role: Role) -> None:
        self.ask(c.SendInvites(caller(by), tuple(map(person, whom)), role))

    @rule(who=people, accept=st.booleans(), blocked=st.booleans())
    def answer_invite(self, who: str, accept: bool, blocked: bool) -> None:
        self.ask(c.AnswerInvite(caller(who), accept, blocked=blocked))

    @rule(who=people, followed=st.booleans())
    def raise_hand(self, who: str, followed: bool) -> None:
        self.ask(c.RaiseHand(caller(who), followed=followed))

    @rule(by=people, whom=people, approve=st.booleans())
    def answer_hand(self, by: str, whom: str, approve: bool) -> None:
        self.ask(c.AnswerHand(caller(by), person(whom), approve))

    @rule(who=people, followed=st.booleans(), blocked=st.booleans(), mic=st.booleans())
    def open_mic(self, who: str, followed: bool, blocked: bool, mic: bool) -> None:
        opened = self.ask(c.OpenMic(caller(who), followed=followed, blocked=blocked, mic_open=mic))
        assert self.space is not None
        assert not (blocked and who != self.space.host_id and opened)

    @rule(who=people, on=st.booleans())
    def set_mic(self, who: str, on: bool) -> None:
        self.ask(c.SetMic(caller(who), on))

    @rule(lane=st.integers(1, 12))
    def close_mic(self, lane: int) -> None:
        self.ask(c.CloseMic(System("disconnected"), lane))

    @rule(who=people, number=st.integers(0, 12))
    def share(self, who: str, number: int) -> None:
        assert self.space is not None
        if self.ask(c.PinUp(caller(who), "link", f"https://example.org/{number}", "T")):
            assert self.space.pinned[0].ref == f"https://example.org/{number}", "the newest first"

    @rule(who=people, which=st.integers(0, 9))
    def unshare(self, who: str, which: int) -> None:
        assert self.space is not None
        if which < len(self.space.pinned):
            self.ask(c.Unpin(caller(who), self.space.pinned[which].id))

    @rule(
        kind=st.sampled_from([c.Warn, c.Mute, c.Unmute, c.Demote, c.Kick]),
        by=people,
        whom=people,
        minutes=st.none() | st.integers(1, 9),
    )
    def sanction(
        self, kind: type[c.Warn | c.Mute | c.Unmute | c.Demote | c.Kick], by: str, whom: str, minutes: int | None
    ) -> None:
        assert self.space is not None
        role, mine = self.space.role_of(whom), self.space.role_of(by)
        command = kind(caller(by), person(whom))
        if not isinstance(command, c.Unmute) and minutes is not None:
            command = replace(command, until=self.now + timedelta(minutes=minutes))
        events = self.ask(command)
        stepped_down = kind is c.Demote and by == whom
        if events and not stepped_down:
            assert mine.rank >= Role.COHOST.rank, "only staff takes a voice away"
            assert mine.rank > role.rank or by == whom, "and only from below"
            assert role is not Role.HOST, "and never from the host"

    @rule(
        action=st.sampled_from(["log", "report", "mute", "demote", "kick", "block"]),
        whom=people,
        mode=st.sampled_from(["enforce", "shadow"]),
    )
    def rule_acts(self, action: str, whom: str, mode: RuleMode) -> None:
        assert self.space is not None
        bot = Person(BOT, "bot", Kind.BOT, frozenset({Scope.USE, Scope.BOT}))
        was = self.space.role_of(whom)
        grant = self.space.grant
        granted = grant is not None and (mode == "shadow" or action in grant.actions)
        events = self.ask(c.TakeAct(bot, "key", "rule", mode, action, person(whom), 1, 0, 1, "1"))
        assert granted or not events, "no grant, no act"
        if mode == "shadow" or was.rank >= Role.COHOST.rank:
            assert not any(isinstance(event, e.ServerMuted | e.RoleChanged | e.Removed) for event in events)

    @rule(actions=st.sets(st.sampled_from(["mute", "demote", "kick", "block"])))
    def set_rules(self, actions: set[str]) -> None:
        assert self.space is not None
        self.ask(c.SetRules(caller(self.space.host_id), f"{len(self.history):064d}", BOT, frozenset(actions)))

    @invariant()
    def the_stage_is_bounded(self) -> None:
        assert self.space is not None
        assert len(self.space.with_role(Role.SPEAKER)) <= MAX_SPEAKERS
        assert len(self.space.with_role(Role.COHOST)) <= MAX_COHOSTS
        assert [p.account_id for p in self.space.with_role(Role.HOST)] == [self.space.host_id], "one host, always"

    @invariant()
    def what_is_shared_is_bounded_and_not_by_who_was_removed(self) -> None:
        assert self.space is not None
        refs = [pin.ref for pin in self.space.pinned]
        assert len(refs) == len(set(refs)) <= MAX_PINS
        assert not {pin.by for pin in self.space.pinned} & self.ever_barred

    @invariant()
    def only_the_ungagged_on_stage_are_heard(self) -> None:
        assert self.space is not None
        for one in self.space.people.values():
            if one.heard:
                assert not one.server_muted
                assert one.role is not Role.LISTENER
                assert one.account_id not in self.space.barred
            if self.space.state is not State.LIVE:
                assert one.lane is None

    @invariant()
    def a_sanction_and_what_it_does_go_together(self) -> None:
        assert self.space is not None
        for one in self.space.sanctions.values():
            if one.is_measure:
                continue
            member = self.space.people.get(one.target)
            match one.action:
                case "mute":
                    assert member is not None
                    assert member.server_muted
                case "demote":
                    assert self.space.role_of(one.target) is Role.LISTENER
                case "kick":
                    assert one.target in self.space.barred
        assert len({(one.target, one.action) for one in self.space.sanctions.values()}) == len(self.space.sanctions)

    @invariant()
    def a_hold_and_a_lock_are_sanctions(self) -> None:
        assert self.space is not None
        if not self.space.is_over:
            assert (self.space.held_until is None) == (self.space.measure("hold") is None)
            assert not self.space.inside or self.space.measure("lock") is not None

    @invariant()
    def a_bar_holds_until_the_end(self) -> None:
        assert self.space is not None
        assert self.ever_barred == set(self.space.barred)
        for account_id in self.ever_barred:
            assert self.space.role_of(account_id) is Role.LISTENER
            assert account_id not in self.space.hands

    @invariant()
    def over_is_over(self) -> None:
        assert self.space is not None
        assert not self.ever_over or self.space.is_over
        self.ever_over = self.space.is_over

    def teardown(self) -> None:
        if self.space is not None:
            replayed: Space | None = None
            for event, at in self.history:
                replayed = evolve(replayed, event, at)
            assert replayed == self.space, "events alone rebuild the state"


TestSpaceMachine = SpaceMachine.TestCase
