"""The network that is broken on purpose: as it was asked, and every time the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.rtc import rtp
from tests.impair import Fates, Impairment, Relay
from tests.typed import sure

NETWORK = st.builds(
    Impairment,
    loss=st.floats(0, 0.5),
    burst=st.floats(1, 10),
    delay=st.floats(0, 0.5),
    jitter=st.floats(0, 0.2),
    reorder=st.floats(0, 0.5),
    rate=st.sampled_from([0.0, 64_000.0]),
)


def fates(network: Impairment, seed: int = 1, count: int = 2000) -> list[float | None]:
    made = Fates(network, seed)
    return [made.next(number * 0.02, 100) for number in range(count)]


@given(NETWORK, st.integers(0, 2**32))
def test_a_seed_decides_everything(network: Impairment, seed: int) -> None:
    assert fates(network, seed, 50) == fates(network, seed, 50)


@given(NETWORK)
def test_no_packet_arrives_before_it_could(network: Impairment) -> None:
    for number, due in enumerate(fates(network, count=50)):
        assert due is None or due >= number * 0.02 + network.delay


@pytest.mark.parametrize("burst", [1, 3, 8])
@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
def test_losses_are_as_many_and_as_long_as_asked(loss: float, burst: int) -> None:
    lost = [due is None for due in fates(Impairment(loss=loss, burst=burst), count=60_000)]
    begun = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
    assert sum(lost) / len(lost) == pytest.approx(loss, rel=0.2)
    expected = burst if burst > 1 else 1 / (1 - loss)
    assert sum(lost) / begun == pytest.approx(expected, rel=0.15)


def test_jitter_and_reordering_change_the_order_and_a_plain_delay_does_not() -> None:
    assert fates(Impairment(delay=0.1)) == [number * 0.02 + 0.1 for number in range(2000)]
    for network in (Impairment(jitter=0.05), Impairment(reorder=0.1)):
        assert fates(network) != sorted(map(sure, fates(network)))


def test_a_narrow_link_makes_a_queue() -> None:
    made = Fates(Impairment(rate=12_800), 1)
    assert [made.next(0.0, 132) for _ in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    assert made.next(9.0, 132) == pytest.approx(9.1)


@pytest.mark.parametrize("wrong", [{"loss": 1.0}, {"loss": -0.1}, {"burst": 0.5}, {"delay": -1}, {"rate": -1}])
def test_networks_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Impairment(**wrong)


class Ear(asyncio.DatagramProtocol):
    def __init__(self, echo: bool = False) -> None:
        self.heard: list[bytes] = []
        self.echo = echo

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data)
        if self.echo:
            self.transport.sendto(data, addr)


@pytest.mark.anyio
async def test_the_relay_harms_media_both_ways_once_it_begins_and_nothing_else() -> None:
    loop = asyncio.get_running_loop()
    there, server = await loop.create_datagram_endpoint(lambda: Ear(echo=True), local_addr=("127.0.0.1", 0))
    up, down = Impairment(loss=0.5), Impairment(loss=0.5, delay=0.01)
    async with Relay(there.get_extra_info("sockname"), up, down, seed=3) as relay:
        here, client = await loop.create_datagram_endpoint(Ear, remote_addr=relay.address)
        media = [rtp.header(111, number, 0, 1) for number in range(40)]
        for begun in (False, True):
            if begun:
                relay.begin()
            for packet in media:
                here.sendto(packet)
                here.sendto(b"\0\1 a check " + packet)
            await asyncio.sleep(0.1)
            checks = [data for data in client.heard if data[0] == 0]
            back = [data for data in client.heard if data[0] != 0]
            forth = [data for data in server.heard if data[0] != 0]
            assert len(checks) == 40
            assert (len(forth), len(back)) == (40, 40) if not begun else 10 < len(back) < len(forth) < 30
            client.heard.clear()
            server.heard.clear()
        assert (relay.passed, relay.lost) == (len(forth) + len(back), 40 - len(back))
        here.close()
    there.close()
