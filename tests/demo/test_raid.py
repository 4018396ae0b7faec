"""The demo of a raid: what is measured in a listener's sound, and the whole of it with a few accounts."""

from __future__ import annotations

import numpy as np
import pytest

from spacesctl.demo import raid
from spacesctl.demo.raid import AFTER, LEAST_DB, PILOT_HZ, RaidReport, level_db, measured, pilot_db, summary
from spacesctl.probe.probe_listener import RATE, TICK, Heard, Sound


def tone(hertz: float, ticks: int, level: float = 0.1) -> Sound:
    made: Sound = (level * np.sin(2 * np.pi * hertz * np.arange(ticks * TICK) / RATE)).astype(np.float32)
    return made


def raided(loud: int, quiet: int, first: float = 100) -> RaidReport:
    """A listener hears the host all the time, and the raid for `loud` ticks."""
    whole = tone(400, loud + quiet)
    whole[: loud * TICK] += tone(PILOT_HZ, loud, 0.05)
    return measured(Heard(50, whole), first, [], raiders=40, through=0, newcomer="locked")


def test_the_tone_of_the_raid_is_told_from_a_voice() -> None:
    assert pilot_db(tone(PILOT_HZ, 5)) == pytest.approx(-20, abs=0.5)
    assert pilot_db(tone(400, 5, 0.5)).max() < LEAST_DB
    assert level_db(tone(400, 5, 1.0)) == pytest.approx(-3, abs=0.1)


def test_the_host_is_alone_once_the_last_tick_of_the_raid_was_heard() -> None:
    report = raided(200, 300)
    assert report.host_alone_after == pytest.approx((200 - 50) * 0.02, abs=0.05)
    assert report.raid_before_db == pytest.approx(-26, abs=1)
    assert report.raid_after_db < LEAST_DB
    assert report.host_after_db == pytest.approx(-23, abs=1)


def test_a_raid_that_is_heard_to_the_end_was_never_brought_to_order() -> None:
    assert raided(400, round(AFTER / 2 / 0.02) - 10).host_alone_after is None
    assert "never" in summary(raided(400, 0))


def test_what_was_quiet_before_the_first_command_takes_no_time() -> None:
    assert raided(40, 400).host_alone_after == 0


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_few_accounts_are_brought_to_order_in_five_commands() -> None:
    report = raid.run(raiders=12)
    assert len(report.commands) == 5
    assert report.raid_before_db > LEAST_DB + 20
    assert report.host_alone_after is not None
    assert report.host_alone_after <= report.commands[0].done + 1
    assert report.raid_after_db < LEAST_DB
    assert report.host_after_db > raid.QUIET_DB
    assert (report.through, report.newcomer) == (0, "locked")
