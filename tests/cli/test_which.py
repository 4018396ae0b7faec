"""Which Space is meant: by its id, its link, the beginning of its id, its title, or none."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from spacesctl.api.spaces import MyPlace, Space
from spacesctl.api.wire import Time
from spacesctl.cli import which
from spacesctl.client.http import Client
from spacesctl.domain.errors import Invalid, NotFound
from spacesctl.domain.words import InviteState, Role, State
from tests.cli.inside import Person, refused
from tests.cli.samples import AT, space

HERE = MyPlace(role=Role.HOST, muted=False, mic="closed", hand_raised=False, invite=None, barred=False)
HELPING = MyPlace(role=Role.COHOST, muted=False, mic="closed", hand_raised=False, invite=None, barred=False)

SPEAKING = MyPlace(role=Role.SPEAKER, muted=False, mic="closed", hand_raised=False, invite=None, barred=False)
INVITED = MyPlace(
    role=Role.LISTENER, muted=False, mic="closed", hand_raised=False, invite=InviteState.ACCEPTED, barred=False
)


def later(hours: int) -> Time:
    return Time.of(AT + timedelta(hours=hours))


OFFICE = space(id="AAAAAAAAAAAA1", title="Office hours")
OPENING = space(id="BBBBBBBBBBBB2", title="Opening", state=State.SCHEDULED, scheduled_start=later(2))
OFF = space(id="CCCCCCCCCCCC3", title="Off", state=State.SCHEDULED, scheduled_start=later(1))
TALK = space(id="OffAAAAAAAAA4", title="A talk")
OVER = space(id="DDDDDDDDDDDD5", title="Yesterday", state=State.ENDED, ended_at=AT)


class Listing:
    """Stands for the client: its list, and how often it was asked for."""

    def __init__(self, *rows: Space) -> None:
        self.rows = rows
        self.asked: list[tuple[object, ...]] = []
        self.spaces = self

    def list(self, states: tuple[State, ...] = ()) -> list[Space]:
        self.asked.append(tuple(states))
        return [row for row in self.rows if row.state in (states or which.OPEN)]


def found(
    ref: str | None, *rows: Space, sure: bool = False, guest: bool = False, states: tuple[State, ...] = which.OPEN
) -> str:
    listing = Listing(*rows)
    name = which.one(cast("Client", listing), ref, states, sure=sure, guest=guest)
    assert len(listing.asked) == 1, "it is looked up once"
    return name


ALL = (OFFICE, OPENING, TALK, OVER)


@pytest.mark.parametrize(
    ("ref", "id_"),
    [
        ("BBB", OPENING.id), ("BBBBBBBBBBBB", OPENING.id), ("office hours", OFFICE.id), ("OFFICE HOURS ", OFFICE.id),
        ("office h", OFFICE.id), ("o", OFFICE.id), ("BB", None), ("bbb", None), ("Off", TALK.id), ("off", OFFICE.id), ("yester", None),
    ],
)  # fmt: skip
def test_a_space_by_the_beginning_of_its_id_and_by_its_title(ref: str, id_: str | None) -> None:
    if id_ is None:
        with pytest.raises((NotFound, Invalid)):
            found(ref, OFFICE, OPENING, OVER)
    else:
        rows = ALL if ref == "Off" else (OFFICE, OPENING, OVER)
        assert found(ref, *rows) == id_


def test_an_id_and_a_link_cost_no_request() -> None:
    listing = Listing()
    for ref in (OFFICE.id, f"https://live.example/s/{OFFICE.id}"):
        assert which.one(cast("Client", listing), ref) == OFFICE.id
    assert listing.asked == []


@pytest.mark.parametrize("ref", ["", " ", "https://live.example/s/", "live.example/s/AAAAAAAAAAAA1", "ftp://x/s/y"])
def test_what_names_no_space_is_refused_without_a_request(ref: str) -> None:
    with pytest.raises(Invalid):
        which.one(cast("Client", Listing()), ref)


def test_a_whole_title_comes_before_the_beginning_of_another() -> None:
    assert found("off", OFFICE, OFF) == OFF.id


def test_of_several_titles_the_live_one_counts_and_then_the_next() -> None:
    later_one = space(id="KKKKKKKKKKKK1", title="Office party", state=State.SCHEDULED, scheduled_start=later(5))
    sooner = space(id="KKKKKKKKKKKK2", title="Office party", state=State.SCHEDULED, scheduled_start=later(4))
    assert found("office", later_one, OFFICE, sooner) == OFFICE.id
    assert found("office p", later_one, OFFICE, sooner) == found("office party", later_one, sooner) == sooner.id
    with pytest.raises(Invalid, match="may be 2 Spaces"):
        found("office party", later_one, sooner, sure=True)
    with pytest.raises(Invalid, match="may be 2 Spaces"):
        found("office", OFFICE, space(id="KKKKKKKKKKKK3", title="Office hours II"))


@pytest.mark.parametrize(
    ("ref", "sure", "told"),
    [
        ("yester", False, f"there is no Space 'yester': 'Yesterday' ({OVER.id}) has ended"),
        ("DDDDD", False, f"there is no Space 'DDDDD': 'Yesterday' ({OVER.id}) has ended"),
        ("rained off", False, "there is no Space 'rained off': 'Rained off' (LLLLLLLLLLLL1) was canceled"),
        ("ofice hours", False, f"there is no Space 'ofice hours'; did you mean 'Office hours' ({OFFICE.id})?"),
        ("ofice", False, f"there is no Space 'ofice'; did you mean 'Office hours' ({OFFICE.id})?"),
        ("hours", False, f"there is no Space 'hours'; did you mean 'Office hours' ({OFFICE.id})?"),
        ("off", True, f"there is no Space 'off'; did you mean 'Office hours' ({OFFICE.id})?"),
        ("xyzzy", False, "there is no Space 'xyzzy'"),
    ],
)  # fmt: skip
def test_a_name_that_fits_none_is_answered_with_what_may_be_meant(ref: str, sure: bool, told: str) -> None:
    rained = space(id="LLLLLLLLLLLL1", title="Rained off", state=State.CANCELED)
    with pytest.raises(NotFound) as caught:
        which.one(cast("Client", Listing(OFFICE, OPENING, OVER, rained)), ref, sure=sure)
    assert caught.value.message == told


def test_an_id_and_a_title_that_both_fit_are_not_guessed() -> None:
    with pytest.raises(Invalid) as caught:
        found("Off", OFF, TALK)
    assert "'Off' may be 2 Spaces: " in caught.value.message
    assert f"{OFF.id} scheduled 'Off' of @host" in caught.value.message
    assert f"{TALK.id} live 'A talk' of @host" in caught.value.message


def test_what_cannot_be_undone_takes_no_beginning_of_a_title_and_not_none() -> None:
    assert found("office hours", *ALL, sure=True) == OFFICE.id
    assert found("BBB", *ALL, sure=True) == OPENING.id
    with pytest.raises(NotFound) as caught:
        found("office", *ALL, sure=True)
    assert "whole title" in (caught.value.hint or "")
    with pytest.raises(Invalid):
        which.one(cast("Client", Listing()), None, sure=True)


def test_what_is_over_is_found_where_a_command_works_on_it() -> None:
    assert found("yester", *ALL, states=which.PAST) == OVER.id
    again = space(id="EEEEEEEEEEEE6", title="Yesterday")
    assert found("yesterday", *ALL, again, states=which.PAST) == again.id, "what goes on comes first"


def test_none_is_ones_own_that_is_live_or_else_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    mine = space(id="FFFFFFFFFFFF7", title="Mine", state=State.SCHEDULED, scheduled_start=later(3), me=HERE)
    sooner = space(id="GGGGGGGGGGGG8", title="Sooner", state=State.SCHEDULED, scheduled_start=later(2), me=HELPING)
    live = space(id="HHHHHHHHHHHH9", title="Now", me=HELPING)
    assert found(None, OFFICE, mine, sooner) == sooner.id
    assert capsys.readouterr().err.startswith(f"on 'Sooner' ({sooner.id}), starts ")
    assert found(None, OFFICE, mine, live) == live.id
    speaking = space(id="IIIIIIIIIIIIA", title="Theirs", me=SPEAKING)
    invited = space(id="IIIIIIIIIIIIA", title="Theirs", me=INVITED)
    assert found(None, mine, speaking) == mine.id, "of others they are not the host"
    assert found(None, mine, speaking, guest=True) == found(None, mine, invited, guest=True) == speaking.id
    assert found(None, live, speaking, guest=True) == live.id, "their own is meant first"
    assert capsys.readouterr().err.startswith(f"on 'Now' ({live.id}), live since ")
    with pytest.raises(Invalid, match="you have 2 Spaces"):
        found(None, live, space(id="HHHHHHHHHHHH0", me=HERE))
    with pytest.raises(NotFound, match="of yours"):
        found(None, OFFICE)


def test_commands_leave_the_space_out(host: Person, ann: Person) -> None:
    live = host.live("--speakers", "everyone")
    ann.says("raise", live)
    done = host.run("mute", ann.handle)
    assert (done.returncode, done.stdout) == (0, f"{ann.handle}: muted  (spacesctl undo {live}-1)\n")
    assert done.stderr.startswith(f"on 'T' ({live}), live since ")
    assert host.says("unmute", f"{ann.handle},{ann.handle}").startswith(ann.handle)
    assert host.run("demote", "-", stdin=ann.handle).returncode == 0
    assert host.says("react", "clap")
    assert host.says("policy", "everyone")
    assert host.json("share", "https://example.org/")
    assert live in host.says("show")
    assert live in host.says("show", live[:12])


def test_a_destructive_command_guesses_nothing(host: Person, ann: Person) -> None:
    live = str(
        host.json("create", f"Only of {host.handle}", "--start", "--no-captions", "--speakers", "everyone")["id"]
    )
    ann.says("raise", live)
    refused(host.run("kick", ann.handle), 2, "SPACE is missing")
    refused(host.run("mute", "--all"), 2, "name it, since this concerns everybody in it")
    refused(host.run("promote", "--host", ann.handle), 2, "cannot be undone")
    refused(host.run("edit", "--no-rules"), 2, "cannot be undone")
    refused(host.run("kick", "only of", ann.handle), 3, "there is no Space 'only of'")
    assert host.run("kick", f"only OF {host.handle}", ann.handle).returncode == 0
    refused(host.run("end", "--yes"), 2, "SPACE is missing")
    assert host.run("end", live[:12], "--yes").stderr.startswith(f"on 'Only of {host.handle}' ({live}), live since ")


def test_who_has_no_invitation_is_told_so(host: Person, ann: Person) -> None:
    live = host.live()
    for verb in ("accept", "decline"):
        refused(ann.run(verb, live), 5, "you have no invitation to this Space")


def test_what_is_about_the_sound_of_now_means_what_is_live_alone() -> None:
    """A series has its next Space under the same title, and in an emergency nobody looks up an id."""
    coming = space(id="KKKKKKKKKKKK1", title="Weekly care", state=State.SCHEDULED, scheduled_start=later(9), me=HERE)
    live = space(id="KKKKKKKKKKKK2", title="Weekly care", me=HERE)
    assert found("weekly care", coming, live, states=which.LIVE) == live.id
    assert found(None, coming, live, states=which.LIVE) == live.id
    assert found("weekly care", coming, live, sure=True) == live.id, "of several titles the live one is meant"
    with pytest.raises(NotFound, match="of yours that is live"):
        found(None, coming, states=which.LIVE)
    with pytest.raises(NotFound) as caught:
        found("weekly care", coming, states=which.LIVE)
    assert caught.value.message.endswith(f"'Weekly care' ({coming.id}) is scheduled")


def test_that_one_has_ended_is_not_said_where_another_goes_on() -> None:
    ended = space(id="KKKKKKKKKKKK3", title="Open mic", state=State.ENDED, ended_at=later(-1))
    live = space(id="KKKKKKKKKKKK4", title="Open mic")
    with pytest.raises(NotFound) as caught:
        found("Open", ended, live, sure=True)
    assert caught.value.message.endswith(f"did you mean 'Open mic' ({live.id})?")
