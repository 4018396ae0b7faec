"""What a listener decodes of redacted phrases, measured on lanes that are made here."""

from __future__ import annotations

import numpy as np
import pytest

from bots import models
from spacesctl.audio.opus import FRAME, RATE
from spacesctl.bench.redaction_live import Recorded, Step
from spacesctl.bench.redaction_sound import Inaudible, inaudible
from spacesctl.bench.redaction_speech import Lane, SaidPhrase, SaidWord, encoded, flagged
from tests.listening import voice
from tests.typed import sure

SECONDS = 4.0
WORD = SaidWord("clown", 1.5, 2.1)


def lane(number: int = 1, *, with_others: bool = False, space: str = "s", phrase: bool = True) -> Lane:
    sound = voice(number, SECONDS)[: int(SECONDS * RATE) // FRAME * FRAME] / 32_768
    frames, heard = flagged(list(encoded(sound.astype(np.float64))))
    phrases = [SaidPhrase("clown", 0, 0)] if phrase else []
    return Lane(space, number, with_others, frames, heard, [WORD], phrases)


def measured(lanes: list[Lane], *steps: Step) -> Inaudible:
    recorded = {(one.space, one.number): Recorded() for one in lanes}
    recorded["s", 1] = Recorded({"r": list(steps)} if steps else {})
    return inaudible(lanes, recorded, [[2.3] if one.phrases else [] for one in lanes], 4.0, models.SHIPPED)


def test_a_phrase_that_nobody_talks_over_leaves_next_to_nothing() -> None:
    found = measured([lane()], Step(2.4, (40, 150)), Step(3.0, (70, 110)))
    assert (found.alone, found.others, found.sought, found.found) == (1, 0, 1, 0)
    assert found.alone_silent == 1.0
    assert sure(found.alone_db) < -40


@pytest.mark.parametrize(
    "steps", [[], [Step(2.4, (90, 150))], [Step(2.4, (70, 110)), Step(3.0, None)]], ids=["none", "half", "withdrawn"]
)
def test_what_was_not_redacted_whole_is_not_measured(steps: list[Step]) -> None:
    assert measured([lane()], *steps).alone == 0


def test_while_others_talk_its_projection_is_that_of_a_lane_that_never_was() -> None:
    others = [lane(number, with_others=True, phrase=False) for number in (2, 3)]
    found = measured([lane(with_others=True), *others], Step(2.4, (70, 110)))
    assert (found.alone, found.others) == (0, 1)
    assert found.others_silent == found.floor_silent == 1.0
