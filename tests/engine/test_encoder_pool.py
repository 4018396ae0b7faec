"""Which groups share a coder: who hears the same, without a seam."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacesctl.audio.opus import FRAME, Decoder
from spacesctl.engine.messages import Output
from spacesctl.engine.mixing.encoder_pool import ALIKE, SPARE, EncoderPool
from spacesctl.engine.mixing.mix_encoder import MixEncoder
from tests.listening import Sound, voice

NOTHING = np.zeros(FRAME, np.int16)


def said(seed: int) -> Sound:
    return voice(seed, 1).reshape(-1, FRAME)


def encoded(outputs: EncoderPool, heard: Mapping[int, int], sounds: Mapping[int, Sound]) -> dict[int, bytes]:
    """One tick: the packet of each group."""
    packets: dict[int, bytes] = {}
    for share in outputs.shares(heard):
        packets |= dict.fromkeys(share.groups, share.coder.encode(sounds[share.sound], 1, 0).payload)
    return packets


def alone(frames: Iterable[Sound]) -> list[bytes]:
    coder = MixEncoder()
    return [coder.encode(frame, 1, 0).payload for frame in frames]


def hear(decoders: Iterable[Decoder], packets: Mapping[int, bytes]) -> list[npt.NDArray[Any]]:
    return [decoder.decode(packets[group]).astype(int) for group, decoder in zip((1, 2), decoders, strict=True)]


def together(outputs: EncoderPool, *groups: int) -> bool:
    return len(outputs.shares(dict.fromkeys(groups, Output.STAGE))) == 1


def test_who_begins_to_hear_something_else_is_sent_what_an_encoder_of_its_own_would_send() -> None:
    outputs, stage, own = EncoderPool(), said(1), said(2)
    ticks: list[tuple[dict[int, int], dict[int, Any]]] = [
        ({1: Output.STAGE, 2: Output.STAGE}, {Output.STAGE: frame}) for frame in stage[:20]
    ]
    ticks += [({1: Output.STAGE, 2: 2}, {Output.STAGE: a, 2: b}) for a, b in zip(stage[20:], own[20:], strict=True)]
    packets = [encoded(outputs, *tick) for tick in ticks]
    assert [one[1] for one in packets] == alone(stage)
    assert [one[2] for one in packets] == alone([*stage[:20], *own[20:]])


def test_who_hears_the_same_again_shares_from_the_next_pause_on() -> None:
    outputs, same = EncoderPool(), {1: Output.STAGE, 2: Output.STAGE}
    for one, other in zip(said(1)[:20], said(2), strict=False):
        encoded(outputs, {1: Output.STAGE, 2: 2}, {Output.STAGE: one, 2: other})
    decoders = Decoder(), Decoder()
    for frame in said(3)[:20]:
        packets = encoded(outputs, same, {Output.STAGE: frame})
        hear(decoders, packets)
        assert not together(outputs, 1, 2)
    pauses: set[int | None] = set()
    while not together(outputs, 1, 2):
        assert None in pauses or not pauses, "in a pause they come together at once"
        hear(decoders, encoded(outputs, same, {Output.STAGE: NOTHING}))
        pauses = {coder.pause for coder in outputs._coders.values()}
    for frame in said(4):
        heard = hear(decoders, encoded(outputs, same, {Output.STAGE: frame}))
        assert np.abs(heard[0] - heard[1]).max() < 70


def test_who_is_in_another_pause_stays_apart() -> None:
    outputs = EncoderPool()
    for _ in range(30):
        encoded(outputs, {1: 1, 2: 2}, {1: NOTHING, 2: NOTHING})
    outputs._coders[1]._last = b"\xf8"
    assert [outputs._coders[group].pause for group in (1, 2)] == [1, 0]
    assert not together(outputs, 1, 2)
    outputs._coders[1]._last = outputs._coders[2]._last
    assert together(outputs, 1, 2)


def test_a_new_group_joins_who_hears_what_it_does() -> None:
    outputs = EncoderPool()
    for frame in said(1)[:10]:
        encoded(outputs, {1: Output.STAGE, 2: 2}, {Output.STAGE: frame, 2: NOTHING})
    assert len(outputs.shares({3: Output.STAGE, 1: Output.STAGE, 2: 2})) == 2
    assert outputs._coders[3] is outputs._coders[1]


@pytest.mark.parametrize(("loss", "apart"), [(0, False), (ALIKE - 1, False), (ALIKE, True), (90, True)])
def test_who_loses_much_gets_packets_of_its_own(monkeypatch: pytest.MonkeyPatch, loss: int, apart: bool) -> None:
    told = {}
    monkeypatch.setattr(MixEncoder, "expect_loss", lambda self, percent: told.update({self: percent}))
    outputs = EncoderPool()
    encoded(outputs, {1: Output.STAGE, 2: Output.STAGE}, {Output.STAGE: said(1)[0]})
    outputs.expect_losses(1, [0, 0, 0])
    outputs.expect_losses(2, [loss])
    outputs.expect_losses(2, [])
    assert together(outputs, 1, 2) is not apart
    assert told[outputs._coders[2]] == min(20, loss)
    assert told[outputs._coders[1]] == (0 if apart else loss)


def test_coders_that_are_left_over_are_used_again_and_not_piled_up() -> None:
    outputs, groups = EncoderPool(), range(1, SPARE + 9)
    made = set()
    for _ in range(3):
        encoded(outputs, {group: group for group in groups}, dict.fromkeys(groups, NOTHING))
        made |= set(outputs._coders.values())
        for _ in range(30):
            encoded(outputs, dict.fromkeys(groups, Output.STAGE), {Output.STAGE: NOTHING})
        assert len(set(outputs._coders.values())) == 1
        assert len(outputs._spare) == SPARE
    assert len(made) <= len(groups) + 2 * (len(groups) - SPARE)
    for group in groups:
        outputs.close(group)
    outputs.close(99)
    assert list(outputs) == []
    assert len(outputs._spare) == SPARE


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.integers(0, 4), st.sampled_from([Output.STAGE, 0, 1, 2]), min_size=1),
            st.booleans(),
            st.integers(0, 4),
        ),
        max_size=12,
    )
)
def test_every_group_is_sent_its_own_sound_by_a_coder_that_has_no_other(
    ticks: list[tuple[dict[int, int], bool, int]],
) -> None:
    outputs = EncoderPool()
    for heard, is_loud, lossy in ticks:
        outputs.expect_losses(lossy, [10])
        shares = outputs.shares(heard)
        assert {group: share.sound for share in shares for group in share.groups} == heard
        assert sum(len(share.groups) for share in shares) == len(heard)
        assert len({share.coder for share in shares}) == len(shares)
        assert not {share.coder for share in shares} & set(outputs._spare)
        for share in shares:
            share.coder.encode(FULL if is_loud else NOTHING, 1, 0)


FULL = np.full(FRAME, 10_000, np.int16)
