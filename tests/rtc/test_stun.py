"""Connectivity checks, made by aioice."""

from __future__ import annotations

import hmac
import struct

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc.stun import Credentials, IceLite
from tests.typed import sure

SOURCE = ("203.0.113.9", 4321)
PASSWORD = "our-password-is-long-enough"


def agent() -> IceLite:
    made = IceLite()
    made.expect(Credentials("ours", PASSWORD, "theirs"))
    return made


def request(
    username: str = "ours:theirs",
    password: str | None = PASSWORD,
    nominate: bool = False,
    kind: stun.Class = stun.Class.REQUEST,
    method: stun.Method = stun.Method.BINDING,
) -> stun.Message:
    message = stun.Message(method, kind)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    if password:
        message.add_message_integrity(password.encode())
    return message


@pytest.mark.parametrize("nominate", [False, True])
@pytest.mark.parametrize("source", [SOURCE, ("2001:db8::9", 99)])
def test_a_check_is_answered_with_the_address_it_came_from(source: tuple[str, int], nominate: bool) -> None:
    sent = request(nominate=nominate)
    check = sure(agent().check(bytes(sent), source))
    assert (check.local_ufrag, check.nominated) == ("ours", nominate)
    response = stun.parse_message(check.response)
    assert response.check_message_integrity(PASSWORD.encode())
    assert response.transaction_id == sent.transaction_id
    assert response.message_class == stun.Class.RESPONSE
    assert response.attributes["XOR-MAPPED-ADDRESS"] == source


def test_an_ipv4_peer_on_an_ipv6_socket_is_told_its_ipv4_address() -> None:
    check = agent().check(bytes(request()), ("::ffff:203.0.113.9", 4321))
    assert stun.parse_message(sure(check).response).attributes["XOR-MAPPED-ADDRESS"] == SOURCE


@pytest.mark.parametrize("length", [22, 64, 65, 256])
def test_a_password_of_any_length_is_proved(length: int) -> None:
    made, password = IceLite(), "p" * length
    made.expect(Credentials("ours", password, "theirs"))
    check = made.check(bytes(request(password=password)), SOURCE)
    assert stun.parse_message(sure(check).response).check_message_integrity(password.encode())
    assert made.check(bytes(request(password=password + "p")), SOURCE) is None


def test_who_checks_from_one_address_and_another_is_told_the_right_one_each_time() -> None:
    made, other = agent(), ("2001:db8::9", 99)
    for source in (SOURCE, SOURCE, (SOURCE[0], 4322), other, other, SOURCE):
        sent = request()
        response = stun.parse_message(sure(made.check(bytes(sent), source)).response)
        assert response.attributes["XOR-MAPPED-ADDRESS"] == source
        assert response.transaction_id == sent.transaction_id


def test_credentials_that_come_again_take_the_place_of_the_first() -> None:
    made = agent()
    made.expect(Credentials("ours", PASSWORD, "others"))
    assert made.check(VALID, SOURCE) is None
    assert made.check(bytes(request("ours:others")), SOURCE) is not None
    made.forget("ours")
    assert made.check(bytes(request("ours:others")), SOURCE) is None


def behind_the_proof(*attributes: bytes) -> bytes:
    """A request without fingerprint, and something behind what proves it."""
    without = VALID[:-8] + b"".join(attributes)
    return without[:2] + (len(without) - 20).to_bytes(2, "big") + without[4:]


NOMINATION = bytes.fromhex("00250000")


def test_a_nomination_behind_the_proof_does_not_count() -> None:
    assert not sure(agent().check(behind_the_proof(NOMINATION), SOURCE)).nominated


def test_a_fingerprint_is_checked_wherever_it_is() -> None:
    mark = stun.message_fingerprint(behind_the_proof()).to_bytes(4, "big")
    made, head = agent(), bytes.fromhex("80280004")
    assert made.check(behind_the_proof(head, mark, NOMINATION), SOURCE)
    assert not made.check(behind_the_proof(head, bytes(4), NOMINATION), SOURCE)
    assert made.refused == {"malformed": 1}


VALID = bytes(request())
REFUSED = {
    "wrong password": (bytes(request(password="x" * 24)), "unauthenticated"),
    "no integrity": (bytes(request(password="")), "unauthenticated"),
    "unknown user": (bytes(request("nobody:theirs")), "unknown_user"),
    "other peer's ufrag": (bytes(request("ours:others")), "unknown_user"),
    "no colon": (bytes(request("ours")), "unknown_user"),
    "a response": (bytes(request(kind=stun.Class.RESPONSE)), "not_a_request"),
    "another method": (bytes(request(method=stun.Method.ALLOCATE)), "not_a_request"),
    "truncated": (VALID[:-3], "malformed"),
    "only a head": (VALID[:12], "malformed"),
    "wrong fingerprint": (VALID[:-1] + bytes((VALID[-1] ^ 1,)), "malformed"),
    "no magic cookie": (VALID[:4] + bytes(4) + VALID[8:], "malformed"),
    "not of whole words": (VALID[:3] + bytes((VALID[3] + 2,)) + VALID[4:] + bytes(2), "malformed"),
    "an attribute beyond the end": (VALID[:-5] + b"\5" + VALID[-4:], "malformed"),
    "too long": (VALID + bytes(1000), "malformed"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_gets_no_answer_and_is_counted(data: bytes, reason: str) -> None:
    made = agent()
    assert made.check(data, SOURCE) is None
    assert made.refused == {reason: 1}


def test_a_forgotten_peer_is_a_stranger() -> None:
    made = agent()
    made.forget("ours")
    made.forget("ours")
    assert made.check(VALID, SOURCE) is None


@given(st.binary(max_size=120) | st.binary(max_size=60).map(lambda tail: VALID[:40] + tail))
def test_any_bytes_are_survived(data: bytes) -> None:
    assert agent().check(data, SOURCE) is None or data == VALID


def with_attributes(*kinds: int, password: str = PASSWORD) -> bytes:
    """A request that has further attributes, each of four bytes."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    raw = bytearray(bytes(message))
    for kind in kinds:
        raw += struct.pack(">HHI", kind, 4, 7)
    raw[2:4] = struct.pack(">H", len(raw) - 20 + 24)
    proof = hmac.digest(password.encode(), bytes(raw), "sha1")
    return bytes(raw) + struct.pack(">HH", 8, 20) + proof


def test_an_attribute_that_must_be_understood_and_is_not_gets_420() -> None:
    sent = with_attributes(0x0024, 0x7FFE, 0x0030)
    check = sure(agent().check(sent, SOURCE))
    assert check.refused
    assert not check.nominated
    response = stun.parse_message(check.response)
    assert response.message_class == stun.Class.ERROR
    assert response.attributes["ERROR-CODE"] == (420, "Unknown attribute")
    assert response.check_message_integrity(PASSWORD.encode())
    assert check.response[8:20] == sent[8:20]
    at = check.response.index(struct.pack(">HH", 0x000A, 4))
    assert struct.unpack_from(">HH", check.response, at + 4) == (0x7FFE, 0x0030)


def test_attributes_that_may_be_passed_over_are() -> None:
    check = sure(agent().check(with_attributes(0x8000, 0xC057, 0x0024), SOURCE))
    assert not check.refused


def test_a_stranger_is_told_nothing_of_unknown_attributes() -> None:
    assert agent().check(with_attributes(0x7FFE, password="x" * 22), SOURCE) is None
