"""The encoders of a Space's outputs, one output for each group. Outputs with the same sound share one encoder.

Of ten open microphones only a few are talked into. All other speakers hear the same full mix, and so does the audience at a delay of
0, so that mix is encoded once. When the sound of an output begins to differ (its speaker begins to talk), it continues with a copy of
the encoder. When outputs have the same sound again, they go back to one encoder in the next pause, when nothing is heard. So no
switch is audible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from spacesctl.engine.mixing.mix_encoder import MixEncoder

MAX_EXPECTED_LOSS: Final = 20
"""Percent. More FEC than for this loss would cost all listeners more quality than it saves."""
ALIKE: Final = 5
"""Percent. Groups share an encoder only while their losses are in the same step of this width; a lossy group needs more FEC."""
SPARE: Final = 16
"""Encoders that are kept for speakers who begin to talk: making one takes 150 us, copying into a kept one 10 us."""


@dataclass(slots=True)
class Share:
    """An encoder, the number of the sound that it encodes, and the groups that hear it. `loss` is their loss in steps of `ALIKE`."""

    coder: MixEncoder
    sound: int
    loss: int
    groups: list[int]


class EncoderPool:
    """All encoders of one Space. A group keeps its encoder until `close`, also while nobody listens."""

    def __init__(self) -> None:
        self._coders: dict[int, MixEncoder] = {}
        self._losses: dict[int, int] = {}
        self._spare: list[MixEncoder] = []

    def __contains__(self, group: int) -> bool:
        return group in self._coders

    def __iter__(self) -> Iterator[int]:
        return iter(self._coders)

    def close(self, group: int) -> None:
        """Forget a group that no longer exists. Does nothing for an unknown one."""
        self._losses.pop(group, None)
        coder = self._coders.pop(group, None)
        if coder is not None:
            self._save(coder)

    def clear(self) -> None:
        """Forget all groups and encoders."""
        self._coders.clear()
        self._losses.clear()
        self._spare.clear()

    def expect_losses(self, group: int, losses: Iterable[int]) -> None:
        """Set the loss that a group's encoder prepares for: the upper quartile of what its listeners report, in percent."""
        ranked = sorted(losses)
        if ranked:
            self._losses[group] = min(MAX_EXPECTED_LOSS, ranked[len(ranked) * 3 // 4])

    def shares(self, heard: Mapping[int, int]) -> list[Share]:
        """What to encode in this tick. `heard` maps each group to the number of its sound; equal numbers are the same sound."""
        shares = self._merged(self._split(heard))
        for share in shares:
            share.coder.expect_loss(max(self._losses.get(group, 0) for group in share.groups))
        return shares

    def _split(self, heard: Mapping[int, int]) -> list[Share]:
        """Groups that shared an encoder and hear the same sound keep sharing it. A new group joins an encoder with the same sound."""
        found = dict[tuple[MixEncoder | None, int, int], list[int]]()
        for group, sound in sorted(heard.items(), key=self._is_new):
            coder = self._coders.get(group) or next((coder for coder, other, _ in found if other == sound), None)
            found.setdefault((coder, sound, self._losses.get(group, 0) // ALIKE), []).append(group)
        shares, taken = list[Share](), set[MixEncoder]()
        for (coder, sound, loss), groups in found.items():
            own = coder if coder is not None and coder not in taken else self._made(coder)
            taken.add(own)
            shares.append(Share(own, sound, loss, groups))
            self._coders.update(dict.fromkeys(groups, own))
        return shares

    def _is_new(self, heard: tuple[int, int]) -> bool:
        return heard[0] not in self._coders

    def _merged(self, shares: list[Share]) -> list[Share]:
        """Merge encoders that are in the same kind of pause and have the same sound to encode now: the first one takes all their groups."""
        found = dict[tuple[int, int, int], Share]()
        for share in shares:
            pause = share.coder.pause
            first = share if pause is None else found.setdefault((share.sound, share.loss, pause), share)
            if first is not share:
                first.groups += share.groups
                self._coders.update(dict.fromkeys(share.groups, first.coder))
                share.groups = []
                self._save(share.coder)
        return [share for share in shares if share.groups]

    def _made(self, model: MixEncoder | None) -> MixEncoder:
        if model is None:
            return MixEncoder()
        coder = self._spare.pop() if self._spare else MixEncoder()
        coder.follow(model)
        return coder

    def _save(self, coder: MixEncoder) -> None:
        if len(self._spare) < SPARE and coder not in self._coders.values():
            self._spare.append(coder)
