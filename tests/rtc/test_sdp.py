"""Offers of the clients that people use, and our answers; hostile offers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc.sdp import Offer, SdpError, parse_offer
from spacesctl.rtc.sdp_answer import Answer, answer
from tests.typed import sure

OFFERS = Path(__file__).parent / "offers"
FINGERPRINT = ":".join(["AB"] * 32)


def read(name: str) -> str:
    return (OFFERS / f"{name}.sdp").read_bytes().decode()


def reply(
    offer: Offer,
    kind: Literal["up", "down"] = "up",
    candidates: Sequence[tuple[str, int]] = (("192.0.2.2", 7000), ("2001:db8::2", 7000)),
    tcp: Sequence[tuple[str, int]] = (),
) -> Answer:
    return answer(
        offer,
        kind=kind,
        candidates=list(candidates),
        fingerprint=FINGERPRINT,
        ufrag="ours",
        pwd="p" * 24,
        ssrc=99,
        cname="room",
        tcp=tcp,
    )


def offer_of(client: str, *values: Any) -> Any:
    """Of a client that cannot run here."""
    return pytest.param(*values, marks=pytest.mark.interop(client, "offer is answered"))


@pytest.mark.parametrize(
    ("name", "payload", "level", "mid", "sections", "dtls"),
    [
        ("chromium", 111, 1, "0", 1, "server"),
        ("gstreamer", 97, 0, "audio0", 1, "server"),
        offer_of("OBS", "obs", 111, 0, "0", 2, "server"),
        offer_of("FFmpeg 8.0", "ffmpeg-8.0", 111, 0, "0", 2, "client"),
        offer_of("FFmpeg 8.1", "ffmpeg-8.1", 111, 0, "0", 2, "server"),  # with -whip_flags dtls_active
    ],
)
def test_known_clients_are_answered(name: str, payload: int, level: int, mid: str, sections: int, dtls: str) -> None:
    offer = parse_offer(read(name))
    made = reply(offer)
    assert (made.payload_type, made.level_extension, made.mid, made.dtls) == (payload, level, mid, dtls)
    parsed = SessionDescription.parse(made.sdp)
    assert len(parsed.media) == sections
    sound = parsed.media[offer.audio]
    assert (sound.direction, sound.rtcp_mux, sound.rtp.muxId, sound.port) == ("recvonly", True, mid, 7000)
    assert sure(sound.ice).iceLite
    assert (sure(sound.ice).usernameFragment, sure(sound.ice).password) == ("ours", "p" * 24)
    assert sure(sound.dtls).role == dtls
    assert [(one.ip, one.port) for one in sound.ice_candidates] == [("192.0.2.2", 7000), ("2001:db8::2", 7000)]
    assert f"a=fmtp:{payload} minptime=10;useinbandfec=1;usedtx=1" in made.sdp
    assert all(line and not line.endswith(" ") for line in made.sdp.removesuffix("\r\n").split("\r\n"))


def test_over_tcp_we_are_passive_and_come_after_every_address_over_udp() -> None:
    made = reply(parse_offer(read("chromium")), tcp=[("192.0.2.2", 7000), ("2001:db8::2", 7000)])
    sound = SessionDescription.parse(made.sdp).media[0]
    offered = [(one.protocol, one.ip, one.port, one.type, one.tcpType) for one in sound.ice_candidates]
    assert offered == [
        ("udp", "192.0.2.2", 7000, "host", None),
        ("udp", "2001:db8::2", 7000, "host", None),
        ("tcp", "192.0.2.2", 7000, "host", "passive"),
        ("tcp", "2001:db8::2", 7000, "host", "passive"),
    ]
    priorities = [one.priority for one in sound.ice_candidates]
    assert priorities == sorted(set(priorities), reverse=True)
    assert len({one.foundation for one in sound.ice_candidates}) == 4


def test_a_fingerprint_that_can_be_forged_counts_for_nothing_beside_a_good_one() -> None:
    text = read("chromium")
    forgeable = "a=fingerprint:sha-1 " + ":".join(["AB"] * 20)
    offer = parse_offer(text.replace("a=fingerprint:sha-256", f"{forgeable}\r\na=fingerprint:sha-256", 1))
    assert offer.fingerprints == parse_offer(text).fingerprints
    assert [algorithm for algorithm, _ in offer.fingerprints] == ["sha-256"]


@pytest.mark.parametrize(("name", "formats"), [("obs", "96"), ("ffmpeg-8.0", "106"), ("ffmpeg-8.1", "106 105")])
def test_a_camera_is_rejected_and_its_microphone_taken(name: str, formats: str) -> None:
    made = reply(parse_offer(read(name)))
    assert f"m=video 0 UDP/TLS/RTP/SAVPF {formats}\r\n" in made.sdp
    assert "a=group:BUNDLE 0\r\n" in made.sdp


def test_a_client_that_knows_one_candidate_finds_a_usable_one_first() -> None:
    """FFmpeg's muxer takes the first host candidate of the answer, gives up on one that is not UDP, and reads no other."""
    first = next(line for line in reply(parse_offer(read("ffmpeg-8.0"))).sdp.splitlines() if "candidate:" in line)
    assert re.fullmatch(r"a=candidate:\S{1,32} 1 udp \d+ 192\.0\.2\.2 7000 typ host", first)


def test_an_offer_without_a_group_is_answered_without_one() -> None:
    assert "BUNDLE" not in reply(parse_offer(read("gstreamer"))).sdp


def test_a_listener_is_answered_with_our_source() -> None:
    offer = parse_offer(read("chromium").replace("a=sendonly", "a=recvonly"))
    made = reply(offer, "down")
    assert "a=sendonly\r\n" in made.sdp
    assert "a=ssrc:99 cname:room\r\n" in made.sdp
    assert made.level_extension == 0


@pytest.mark.parametrize(
    ("feedback", "nack"),
    [
        ("", False),
        ("a=rtcp-fb:111 nack\r\n", True),
        ("a=rtcp-fb:111 nack pli\r\n", False),
        ("a=rtcp-fb:8 nack\r\n", False),
    ],
)
def test_sending_again_is_agreed_on_only_if_offered(feedback: str, nack: bool) -> None:
    made = reply(parse_offer(read("chromium").replace("a=rtcp-mux\r\n", f"a=rtcp-mux\r\n{feedback}")))
    assert made.nack == nack
    assert ("a=rtcp-fb:111 nack\r\n" in made.sdp) == nack


COPIES = "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"


@pytest.mark.parametrize(
    ("lines", "red"),
    [
        ("", 0),
        (COPIES, 63),
        (COPIES.replace("111/111", "111/111/111"), 63),
        (COPIES.replace("111/111", "111/8"), 0),
        (COPIES.replace("a=fmtp:63 111/111\r\n", ""), 0),
        (COPIES.replace("red/48000", "red/8000"), 0),
        (COPIES.replace("63", "62"), 0),
    ],
    ids=[
        "none",
        "as browsers offer it",
        "two copies",
        "of two codecs",
        "of no codec",
        "at another rate",
        "not a format",
    ],
)
def test_copies_are_preferred_from_speakers_and_kept_for_need_to_listeners(lines: str, red: int) -> None:
    bare = "".join(
        line for line in read("chromium").splitlines(keepends=True) if "red/48000" not in line and "fmtp:63" not in line
    )
    offered = parse_offer(bare.replace("a=rtcp-mux\r\n", f"a=rtcp-mux\r\n{lines}"))
    assert offered.red == red
    ways: list[tuple[Literal["up", "down"], str]] = [("up", f"{red} 111"), ("down", f"111 {red}")]
    for kind, formats in ways:
        made = reply(replace(offered, direction="sendrecv"), kind)
        assert made.red == red
        assert (f"SAVPF {formats}\r\n" if red else "SAVPF 111\r\n") in made.sdp
        assert (f"a=rtpmap:{red} red/48000/2\r\na=fmtp:{red} 111/111\r\n" in made.sdp) == bool(red)


@pytest.mark.parametrize(("setup", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")])
def test_the_dtls_role_is_the_other_one(setup: str, ours: str) -> None:
    made = reply(parse_offer(read("chromium").replace("a=setup:actpass", f"a=setup:{setup}")))
    assert f"a=setup:{ours}\r\n" in made.sdp
    assert made.dtls == ("client" if ours == "active" else "server")


def without(name: str, *starts: str) -> str:
    return "".join(line for line in read(name).splitlines(True) if not line.startswith(starts))


REFUSED = {
    "malformed": [
        "",
        "hello",
        "v=0\r\nm=audio\r\n",
        "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 40,
        read("chromium") + "a=x\r\n" * 20_000,
        read("obs").replace("a=mid:1", "a=mid:0"),
        read("chromium").replace("a=mid:0", "a=mid:0 a=evil"),
        read("chromium").replace("m=audio 9", "m=audio nine"),
    ],
    "no_audio": [
        read("obs").replace("m=audio 9", "m=audio 0"),
        read("chromium").replace("a=sendonly", "a=inactive"),
        read("chromium").replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
    ],
    "no_opus": [
        read("chromium").replace("opus/48000", "vorbis/48000"),
        read("chromium").replace("opus/48000/2", "opus/many/2"),
    ],
    "no_fingerprint": [
        without("chromium", "a=fingerprint"),
        read("chromium").replace("sha-256", "sha-1"),
        read("chromium").replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 ZZ"),
    ],
    "no_ice": [
        without("chromium", "a=ice-ufrag"),
        without("chromium", "a=ice-pwd"),
        read("chromium").replace("a=ice-pwd:", "a=ice-pwd:!"),
    ],
    "no_setup": [without("chromium", "a=setup"), read("chromium").replace("actpass", "whatever")],
    "no_rtcp_mux": [without("chromium", "a=rtcp-mux")],
    "not_bundled": [without("obs", "a=group:BUNDLE"), read("chromium").replace("BUNDLE 0", "BUNDLE 7")],
}


@pytest.mark.parametrize(
    ("reason", "text"),
    [(reason, text) for reason, texts in REFUSED.items() for text in texts],
    ids=[f"{reason}-{number}" for reason, texts in REFUSED.items() for number in range(len(texts))],
)
def test_what_cannot_be_answered_is_refused_with_its_reason(reason: str, text: str) -> None:
    with pytest.raises(SdpError) as caught:
        parse_offer(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(("direction", "kind"), [("recvonly", "up"), ("sendonly", "down")])
def test_the_wrong_door_is_named(direction: str, kind: Literal["up", "down"]) -> None:
    offer = parse_offer(read("chromium").replace("a=sendonly", f"a={direction}"))
    with pytest.raises(SdpError) as caught:
        reply(offer, kind)
    assert caught.value.reason == "wrong_direction"


@given(st.sampled_from(["chromium", "ffmpeg-8.0", "gstreamer", "obs"]), st.data())
def test_a_damaged_offer_gives_an_answer_or_our_error(name: str, data: st.DataObject) -> None:
    text = read(name)
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 60))
    junk = data.draw(st.text(max_size=20))
    try:
        made = reply(parse_offer(text[:at] + junk + text[at + cut :]))
    except SdpError:
        return
    assert made.sdp.count("m=audio 7000") == 1


@pytest.mark.parametrize("kind", ["up", "down"])
def test_aiortc_takes_our_answer(kind: Literal["up", "down"]) -> None:
    async def body() -> None:
        connection = RTCPeerConnection()
        if kind == "up":
            connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
        else:
            connection.addTransceiver("audio", direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        made = reply(parse_offer(connection.localDescription.sdp), kind, [("192.0.2.2", 7000)])
        await connection.setRemoteDescription(RTCSessionDescription(made.sdp, "answer"))
        await connection.close()

    asyncio.run(body())


FOUND = sorted((Path(__file__).parents[1] / "found" / "sdp").glob("*.sdp"))


def section_of(text: str, mid: str) -> list[str]:
    """The lines of one media section."""
    parts = text.split("\r\nm=")
    [found] = [part for part in parts[1:] if f"\r\na=mid:{mid}\r\n" in f"\r\n{part}\r\n"]
    return ("m=" + found).split("\r\n")


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_offers_that_failed_before_are_answered(path: Path) -> None:
    offer = parse_offer(path.read_text())
    assert offer.payload_type == 111
    text = reply(offer).sdp
    said = SessionDescription.parse(text)
    assert len(said.media) == len(offer.sections)
    assert said.media[offer.audio].direction == "recvonly"
    assert offer.level_extension == (1 if path.stem == "extmap-attributes" else 0)


def test_a_section_that_carries_the_transport_is_accepted_as_inactive() -> None:
    [path] = [one for one in FOUND if one.stem == "video-first-bundle-only"]
    offer = parse_offer(path.read_text())
    assert (offer.mid, offer.transport_mid) == ("1", "0")
    text = reply(offer).sdp
    assert "a=group:BUNDLE 0 1\r\n" in text
    video, audio = section_of(text, "0"), section_of(text, "1")
    assert video[0] == "m=video 7000 UDP/TLS/RTP/SAVPF 96"
    assert {"a=inactive", "a=rtcp-mux", "a=rtpmap:96 VP8/90000", "a=setup:passive"} <= set(video)
    assert audio[0] == "m=audio 7000 UDP/TLS/RTP/SAVPF 111"
    assert any(line.startswith("a=candidate") for line in video)
    assert not any(line.startswith("a=candidate") for line in audio)


def test_lines_that_are_not_needed_are_passed_over() -> None:
    odd = "a=fmtp:x\r\na=ssrc:many\r\na=rtcp-fb:\r\na=candidate:?\r\na=extmap:\r\na=sctpmap:1\r\nb=AS:x\r\na=simulcast:~;\r\nx\r\n"
    assert parse_offer(read("chromium") + odd).payload_type == 111


@given(st.lists(st.sampled_from(read("chromium").split("\r\n")[5:]), max_size=4), st.text(max_size=40))
def test_lines_anywhere_are_understood_or_refused(repeated: list[str], noise: str) -> None:
    with contextlib.suppress(SdpError):
        offer = parse_offer(read("chromium") + "\r\n".join([*repeated, f"a={noise}"]))
        SessionDescription.parse(reply(offer).sdp)


@pytest.mark.anyio
async def test_aiortc_takes_the_answer_where_video_comes_first() -> None:
    pc = RTCPeerConnection()
    try:
        pc.addTransceiver("video", direction="sendonly")
        pc.addTransceiver(AudioStreamTrack(), direction="sendonly")
        await pc.setLocalDescription(await pc.createOffer())
        answered = reply(parse_offer(pc.localDescription.sdp))
        await pc.setRemoteDescription(RTCSessionDescription(answered.sdp, "answer"))
        assert [one.currentDirection for one in pc.getTransceivers()] == ["inactive", "sendonly"]
    finally:
        await pc.close()
