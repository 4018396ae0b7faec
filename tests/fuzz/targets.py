"""Every parser that strangers can reach: how to call it on bytes, the error it may raise, and valid input to begin from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aioice import stun as their_stun

from spacesctl.audio import framing, ogg
from spacesctl.audio.opus import Decoder, Encoder, OpusError, packet_samples
from spacesctl.rtc import demux, fragment, rtcp, rtp, sdp, sdp_answer
from spacesctl.rtc.dtls import Dtls, Identity, datagrams
from spacesctl.rtc.frames import FrameError, FrameReader, framed
from spacesctl.rtc.rtcp import RtcpError
from spacesctl.rtc.rtp import RtpError
from spacesctl.rtc.srtp import AES_128_GCM, Keys, Srtp, SrtpError
from spacesctl.rtc.stun import Credentials, IceLite
from tests.listening import voice

OFFERS = Path(__file__).parents[1] / "rtc" / "offers"
SOURCE = ("203.0.113.9", 4321)
PASSWORD = "our-password-is-long-enough"


@dataclass(frozen=True)
class Target:
    """`parse` takes bytes; `longest` is what reaches it at most. It raises nothing but `errors`."""

    parse: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    longest: int = 2048


def _stun(data: bytes) -> object:
    agent = IceLite()
    agent.expect(Credentials("ours", PASSWORD, "theirs"))
    return agent.check(data, SOURCE)


def _check() -> bytes:
    message = their_stun.Message(their_stun.Method.BINDING, their_stun.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    message.attributes["PRIORITY"] = 1
    message.add_message_integrity(PASSWORD.encode())
    return bytes(message)


IDENTITY = Identity()


def _hello() -> bytes:
    client = Dtls(IDENTITY, "client", [("sha-256", IDENTITY.fingerprint)])
    client.start()
    return client.outgoing()[0]


def _dtls(data: bytes) -> object:
    """A server that waits for a hello, and one in the middle of a handshake."""
    for begun in (False, True):
        server = Dtls(IDENTITY, "server", [("sha-256", IDENTITY.fingerprint)])
        server.start()
        if begun:
            server.feed(HELLO)
            server.outgoing()
        server.feed(data)
        server.outgoing()
        assert server.keys is None
    return None


HELLO = _hello()
KEYS = Keys(AES_128_GCM, bytes(range(28)), bytes(range(28)))


def _frames(data: bytes) -> object:
    """As it comes at once, and byte by byte: the same."""
    reader, slow = FrameReader(), FrameReader()
    found = reader.feed(data)
    assert [one for at in range(len(data)) for one in slow.feed(data[at : at + 1])] == found
    return found


def _srtp(data: bytes) -> object:
    return Srtp(KEYS).unprotect(data)


def _srtcp(data: bytes) -> object:
    return rtcp.parse(Srtp(KEYS).unprotect_rtcp(data))


def _sdp(data: bytes) -> object:
    offer = sdp.parse_offer(data.decode("utf-8", "replace"))
    return sdp_answer.answer(
        offer,
        kind="up" if offer.direction != "recvonly" else "down",
        candidates=[("192.0.2.2", 7000)],
        fingerprint=":".join(["AB"] * 32),
        ufrag="ours",
        pwd="p" * 24,
        ssrc=99,
        cname="room",
    )


def _ogg(data: bytes) -> object:
    ogg.read_head(data)
    return sum(len(packet) for packet in ogg.read_packets(data))


def _opus(data: bytes) -> object:
    samples = packet_samples(data)
    assert 0 < samples <= 5760
    decoder = Decoder()
    decoder.recover(data)
    return decoder.decode(data)


RTP = rtp.header(111, 1, 2, 3) + b"opus"
RTP_EXTENDED = b"\x90" + RTP[1:12] + b"\xbe\xde\0\1\x10\x85\0\0opus"
RTCP = (
    rtcp.sender_report(7, 1_700_000_000.5, 960, 50, 4000, "room")
    + rtcp.receiver_report(7, rtcp.Block(9, 25, -3, 70_000, 12, 5, 6), "room")
    + rtcp.nack(7, 9, [1, 2, 40])
    + rtcp.reference_time(7, 1_700_000_000.5)
    + bytes.fromhex("80cf00050000000105000003000000070102030400010000")
    + bytes.fromhex("81cb000100000007")
)
PACKETS = [Encoder().encode(frame) for frame in voice(1, 0.2).reshape(-1, 960)]

TARGETS = {
    "stun": Target(_stun, (), (_check(),)),
    "dtls": Target(_dtls, (), (HELLO,)),
    "dtls records": Target(datagrams, (), (HELLO,), 65_536),
    "frames": Target(
        _frames, (FrameError,), (framed(HELLO) + framed(_check()) + framed(b""), framed(bytes(2048))), 6000
    ),
    "demux": Target(demux.kind, (), (RTP,)),
    "rtp": Target(lambda data: rtp.parse(data, 1), (RtpError,), (RTP, RTP_EXTENDED)),
    "rtcp": Target(rtcp.parse, (RtcpError,), (RTCP,)),
    "srtp": Target(_srtp, (SrtpError,), (Srtp(KEYS).protect(RTP),)),
    "srtcp": Target(_srtcp, (SrtpError, RtcpError), (Srtp(KEYS).protect_rtcp(RTCP),)),
    "opus": Target(_opus, (OpusError,), tuple(PACKETS[:3])),
    "sdp": Target(_sdp, (sdp.SdpError,), tuple(file.read_bytes() for file in sorted(OFFERS.glob("*.sdp"))), 70_000),
    "sdp fragment": Target(
        lambda data: fragment.parse_fragment(data.decode("utf-8", "replace")),
        (fragment.FragmentError,),
        (b"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",),
        20_000,
    ),
    "lanes": Target(
        framing.unpack,
        (framing.FramingError,),
        (
            framing.pack(framing.LANES, 7, [(1, 1, b"one"), (2, 0, b"")]),
            framing.pack(framing.UPLINK, 7, [(0, 0, b"opus")]),
        ),
        framing.MAX_MESSAGE,
    ),
    "ogg": Target(_ogg, (ogg.OggError,), (ogg.clip(list(enumerate(PACKETS))),), 70_000),
}
