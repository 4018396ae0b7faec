"""What strangers send to the port: no answer, no state, whatever it is."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from spacesctl.domain.ids import new_session_id
from spacesctl.rtc import rtp
from spacesctl.rtc.rtcp import Block, receiver_report
from tests.engine.caller import Caller
from tests.engine.test_peers import SPACE, Wire
from tests.fuzz.targets import HELLO, RTP, TARGETS
from tests.fuzz.test_parsers import broken
from tests.typed import sure

STRANGER = ("198.51.100.7", 999)


def check(username: str, password: str | None = None, kind: stun.Class = stun.Class.REQUEST) -> bytes:
    message = stun.Message(stun.Method.BINDING, kind)
    message.attributes["USERNAME"] = username
    message.attributes["USE-CANDIDATE"] = None
    if password:
        message.add_message_integrity(password.encode())
    return bytes(message)


def state(wire: Wire) -> Any:
    peers, ice_agent = wire.peers, wire.peers.ice_agent
    tables = (
        peers._peers,
        peers._connecting,
        peers._nack_peers,
        ice_agent._by_ufrag,
        ice_agent._by_address,
        ice_agent._probes,
    )
    return [len(table) for table in tables], len(peers._restless), wire.told


def left_alone(wire: Wire, datagrams: Iterable[bytes]) -> None:
    before, sent = repr(state(wire)), len(wire.sent)
    for data in datagrams:
        wire.peers.receive(data, STRANGER)
    assert repr(state(wire)) == before
    assert wire.sent[sent:] == []


WHATEVER = st.one_of(
    st.binary(max_size=300),
    broken(TARGETS["stun"].seeds),
    broken((HELLO,)),
    broken(TARGETS["rtcp"].seeds),
    broken((RTP,)),
)


@given(st.lists(WHATEVER, max_size=10))
@settings(max_examples=30)
def test_strangers_get_no_answer_and_leave_no_trace(datagrams: list[bytes]) -> None:
    wire = Wire()
    caller = Caller("p", SPACE)
    wire.peers.add(caller.added())
    left_alone(wire, datagrams)


def test_who_knows_a_name_but_no_password_gets_nothing_either() -> None:
    wire, caller = Wire(), Caller("p", SPACE)
    wire.peers.add(caller.added())
    name = f"{caller.local_ufrag}:{caller.ufrag}"
    left_alone(
        wire,
        [
            check(name),
            check(name, "a-password-but-another-one"),
            check(name, caller.local_pwd)[:-9],
            check(name, caller.local_pwd, stun.Class.RESPONSE),
            check(f"{caller.local_ufrag}:other", caller.local_pwd),
            check(f"{caller.local_ufrag}", caller.local_pwd),
        ],
    )


def test_a_joined_peers_packets_from_elsewhere_are_a_strangers() -> None:
    async def body() -> None:
        wire = Wire()
        caller = await wire.call(Caller("p", SPACE, lane=1, up=True))
        wire.rooms[SPACE].open_lane(1, True)
        media = sure(caller.srtp).protect(rtp.header(111, 1, 960, 7) + b"\x78opus")
        reports = sure(caller.srtp).protect_rtcp(receiver_report(7, Block(7, 0, 0, 1), "p"))
        left_alone(wire, [media, reports, HELLO])

    asyncio.run(body())


def test_an_answer_to_a_check_is_no_longer_than_the_check_of_any_client() -> None:
    wire, caller = Wire(), Caller("p", SPACE)
    wire.peers.add(caller.added())
    request = check(f"{caller.local_ufrag}:{caller.ufrag}", caller.local_pwd)
    wire.peers.receive(request, STRANGER)
    (answer, target), *_ = wire.sent
    assert target == STRANGER
    assert len(answer) <= len(request)


def test_a_sessions_path_cannot_be_guessed() -> None:
    made = {new_session_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(bytes.fromhex(one)) for one in made} == {16}
    assert all(300 < sum(one[place] < "8" for one in made) < 700 for place in range(32))


@pytest.mark.parametrize("size", [0, 1, 2, 11, 12, 2048])
def test_too_short_and_long_datagrams_are_dropped(size: int) -> None:
    wire = Wire()
    for first in (0, 22, 128, 200):
        left_alone(wire, [bytes((first,))[:size] + secrets.token_bytes(max(0, size - 1))])
