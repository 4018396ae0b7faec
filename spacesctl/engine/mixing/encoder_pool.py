"""The outputs of a Space, one for each group that is heard, and which of them share a coder.

Of ten open microphones few are talked into; the others hear the same, all of it, and so does the audience at no delay. What is the
same is encoded once. When an output begins to hear something else (whoever it is for begins to talk), it gets a copy of the
coder and goes on from there; when outputs hear the same again, they come together in the next pause, when nothing is heard.
So nobody hears a seam.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from spacesctl.engine.mixing.mix_encoder import MixEncoder

MAX_EXPECTED_LOSS: Final = 20
"""Percent. Preparing for more costs everybody more quality than it saves."""
ALIKE: Final = 5
"""Percent. Who loses that much more than others gets packets of their own, which repeat more."""
SPARE: Final = 16
"""Coders that are kept for who begins to talk: making one takes 150 us, copying into it 10."""


@dataclass(slots=True)
class Share:
    """A coder, the sound that it encodes, and the groups that hear it; they expect a `loss` of this class."""

    coder: MixEncoder
    sound: int
    loss: int
    groups: list[int]


class EncoderPool:
    """A group's output stays as long as the group exists, also while nobody hears it."""

    def __init__(self) -> None:
        self._coders: dict[int, MixEncoder] = {}
        self._losses: dict[int, int] = {}
        self._spare: list[MixEncoder] = []

    def __contains__(self, group: int) -> bool:
        return group in self._coders

    def __iter__(self) -> Iterator[int]:
        return iter(self._coders)

    def close(self, group: int) -> None:
        """A group is gone. Does nothing for one that never was."""
        self._losses.pop(group, None)
        coder = self._coders.pop(group, None)
        if coder is not None:
            self._save(coder)

    def clear(self) -> None:
        self._coders.clear()
        self._losses.clear()
        self._spare.clear()

    def expect_losses(self, group: int, losses: Iterable[int]) -> None:
        """Prepare for the loss that most listeners of a group have (the upper quartile of what they report, in percent)."""
        ranked = sorted(losses)
        if ranked:
            self._losses[group] = min(MAX_EXPECTED_LOSS, ranked[len(ranked) * 3 // 4])

    def shares(self, heard: Mapping[int, int]) -> list[Share]:
        """What is to be encoded for `heard`, the sound that each group hears now: equal numbers are the same sound."""
        shares = self._merged(self._split(heard))
        for share in shares:
            share.coder.expect_loss(max(self._losses.get(group, 0) for group in share.groups))
        return shares

    def _split(self, heard: Mapping[int, int]) -> list[Share]:
        """Groups stay together that had a coder in common and hear the same; new ones join who hears what they do."""
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
        """Of coders that are in the same pause, and have the same to encode now, the first goes on alone."""
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
