"""The sink of one output for WebRTC listeners: it makes packets of frames, and encrypts each packet for each listener."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spacesctl.engine.fanout.packetizer import STEPS, TICK_MS, Packetizer, ptime_ms
from spacesctl.engine.fanout.send_slot import SEND_SLOTS, SendSlot
from spacesctl.engine.fanout.slot_fanout import SlotFanout
from spacesctl.engine.fanout.subscription import Subscription
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.seam import Frame
from spacesctl.engine.transport.datagrams import Sender

TOGETHER: Final = 64
"""Subscriptions in a send slot before the next slot is used, since each slot in use costs the tick a little."""
DECIDE: Final = 50
"""Ticks between two decisions on the packet time: one second."""


class PacketSink:
    """Sends one output by `sender`. `setting` is the packet time in milliseconds (one of `PTIMES_MS`), or `AUTO` or `PATIENT` for one that
    depends on the number of listeners. Sent and dropped packets are counted in `metrics`."""

    def __init__(self, sender: Sender, metrics: Metrics, setting: int = TICK_MS) -> None:
        self.ptime_ms = ptime_ms(setting, 0, TICK_MS)
        self._setting = setting
        self._metrics = metrics
        self._placed: dict[str, SlotFanout] = {}
        slots = SEND_SLOTS if setting in STEPS else setting // TICK_MS
        self._slots = [(SendSlot(number), SlotFanout(sender)) for number in range(slots)]
        self._packetizer = Packetizer() if setting != TICK_MS else None
        self._sent = 0

    def __len__(self) -> int:
        return len(self._placed)

    def add(self, name: str, subscription: Subscription) -> None:
        """Send to a listener from the next packet on. Raises SealingError when its packets cannot be encrypted."""
        used = self._slots[: 1 + len(self._placed) // TOGETHER]
        fanout = min((one for _, one in used), key=len)
        fanout.add(subscription)
        self._placed[name] = fanout

    def remove(self, name: str, subscription: Subscription) -> None:
        """Stop sending to a listener. Raises KeyError for an unknown name."""
        self._placed.pop(name).remove(subscription)

    def losses(self) -> Iterator[int]:
        """The packet loss that each listener reports, in percent."""
        for _, fanout in self._slots:
            for subscription in fanout:
                yield round(subscription.losses.share * 100)

    def send(self, frame: Frame, now: float) -> None:
        """Send this tick's frame, at once or later in one packet with the next frames. `now` is monotonic seconds."""
        if self._packetizer is not None:
            self._send_in_slots(frame, self._packetizer, now)
        elif not frame.withheld:
            self._send(self._slots[0][1], frame.payload, frame.timestamp, now)

    def _send_in_slots(self, frame: Frame, packetizer: Packetizer, now: float) -> None:
        if self._sent % DECIDE == 0:
            self.ptime_ms = ptime_ms(self._setting, len(self._placed), self.ptime_ms)
        self._sent += 1
        for slot, fanout in self._slots:
            due = slot.add(frame, self._sent, self.ptime_ms // TICK_MS)
            if due and len(fanout):
                for payload, timestamp in packetizer.packets(due):
                    self._send(fanout, payload, timestamp, now)

    def _send(self, fanout: SlotFanout, payload: bytes, timestamp: int, now: float) -> None:
        taken, refused = fanout.send(payload, timestamp, now)
        self._metrics.counters["packets_out"] += taken
        self._metrics.counters["packets_out_dropped"] += refused
