"""What a recogniser says becomes a caption that the server takes, whatever stands in the vocabulary of its model."""

from __future__ import annotations

from bots.hearing.messages import Utterance
from bots.transcriber import caption
from spacesctl.api.captions import NewCaptions
from spacesctl.api.request_texts import fault_of
from spacesctl.rules.rule_engine import Word


def test_a_bad_word_of_a_model_costs_no_captions() -> None:
    words = (Word("a\x1b[2J", 0.0, 0.5, 1.0, 0, 25), Word("می\u200cخواهم", 0.5, 1.0, 1.0, 25, 50))
    made = caption(Utterance("s", 1, 1, "a\x1b[2J می\u200cخواهم\n", words, True, 0, 50))
    assert fault_of(NewCaptions(captions=[made])) is None
    assert made.text == "a\ufffd[2J می\u200cخواهم "
    assert [word.w for word in made.words] == ["a\ufffd[2J", "می\u200cخواهم"]
