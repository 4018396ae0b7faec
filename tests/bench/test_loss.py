"""`bench loss` in short: the same losses for every server, what was sent again, and a score of what was heard."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, RATE, Decoder
from spacesctl.bench import loss, loss_score
from spacesctl.bench.loss import SERVERS, clips, encoded
from spacesctl.bench.loss_score import Line, lead_and, score
from spacesctl.probe import quality
from spacesctl.probe.impair import Relay
from spacesctl.probe.rtc_peer import Heard, RtcPeer
from spacesctl.rtc.dtls import Identity
from tests.listening import voice


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """The correlation in place of PESQ, which is built from source and slow."""
    monkeypatch.setattr(quality, "why_no_pesq", lambda: None)
    monkeypatch.setattr(quality, "pesq", quality.correlation)


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.usefixtures("alike", "short_bench")
def test_every_server_gets_the_same_losses_and_one_with_nack_gets_packets_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loss_score, "LEAD", 0.5)
    notes: list[str] = []
    voices = [voice(1, 1.0), voice(2, 1.0)]
    result = asyncio.run(loss.measure(["20 %"], SERVERS, voices, [1], notes.append))
    assert notes == ["network: 20 %"]
    scores = {one.server: one for one in result.scores}
    assert set(scores) | set(result.skipped) == set(SERVERS)
    plain = [one for name, one in scores.items() if name != "spacesctl with NACK"]
    assert len({one.lost for one in plain}) == 1
    assert 0.1 < plain[0].lost < 0.3
    assert [one.resent for one in plain] == [0] * len(plain)
    assert scores["spacesctl with NACK"].resent > 0
    assert scores["spacesctl"].fec
    assert not scores["aiortc"].fec
    assert all(-1 <= one.worst <= one.pesq <= 1 for one in scores.values())
    assert scores["spacesctl"].pesq > 0.4
    assert scores["spacesctl with RED"].pesq > scores["aiortc"].pesq
    assert 0 < scores["spacesctl"].delay_ms < 500
    columns = loss.report(result).columns
    assert list(columns)[1:] == list(scores)


@pytest.mark.usefixtures("alike")
@pytest.mark.parametrize("late", [0, 25], ids=["as it was said", "half a second later"])
def test_a_score_finds_each_voice_where_it_was_heard_and_names_the_share_that_was_lost(late: int) -> None:
    voices = [voice(3, 1.0), voice(4, 1.0)]
    pcm = np.concatenate((np.zeros(late * FRAME, np.int16), lead_and(voices)))
    relay = Relay(("127.0.0.1", 1))
    relay.lost, relay.passed = 1, 3
    up, down = RtcPeer(Identity(), "sendonly"), RtcPeer(Identity(), "recvonly")
    up.resent, up.fec = 7, True
    down.heard = [Heard(number / 50, number, number * FRAME, packet) for number, packet in enumerate(encoded(pcm, 0.0))]
    made = score("5 %", Line("ours", up, relay, down), voices)
    assert (made.network, made.server, made.lost, made.resent, made.fec) == ("5 %", "ours", 0.25, 7, True)
    assert made.worst > 0.8, "the codec between lowers it a little"
    assert made.pesq >= made.worst


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_packets_carry_copies_of_the_frame_before_only_where_losses_are_expected(share: float) -> None:
    said = voice(5, 1.0)
    packets = encoded(said, share)
    assert len(packets) == 50
    without = encoded(said, 0.0)
    assert (packets == without) is (share == 0.0)
    decoder = Decoder()
    assert len(np.concatenate([decoder.decode(packet) for packet in packets])) == len(said)


def test_two_voices_begin_with_sound_and_the_lead_is_the_first_ones() -> None:
    first, second = clips(1.0)
    assert len(first) == len(second) == RATE
    assert not np.array_equal(first, second)
    for one in (first, second):
        assert np.abs(one[:100].astype(int)).max() > 300
    said = lead_and([first, second])
    assert np.array_equal(said[:RATE], first), "a voice shorter than the lead is the lead"
    assert np.array_equal(said[-RATE:], second)
    assert len(said) == 3 * RATE
