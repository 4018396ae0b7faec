"""One contract for all speech engines: vosk with the shipped model and real sound, sherpa-onnx over a fake, and the script of the tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from bots import models
from bots.hearing import engines
from bots.hearing.lag import STEP_BYTES, sound
from bots.hearing.recogniser import BYTES_PER_SECOND, HeardWord, Recogniser, Result, ScriptedRecogniser
from bots.hearing.sherpa_recogniser import UNSURE, SherpaRecogniser
from bots.models import ModelError
from spacesctl.models.layout import engine_of
from tests.bots import fake_sherpa
from tests.bots.voices import engine

SCRIPT = [
    HeardWord("hello", 0.4, 0.8, 0.9),
    HeardWord("there", 0.88, 1.2, 0.9),
    HeardWord("again", 4.0, 4.4, 0.9),
    HeardWord("friends", 4.48, 5.0, 0.9),
]
SECONDS = 7.0


class Scripted(fake_sherpa.OnlineRecognizer):
    script = SCRIPT


@dataclass(frozen=True)
class Engine:
    """How one is made, and what it is fed."""

    make: Callable[[], Recogniser]
    pcm: bytes


@cache
def engine_called(name: str) -> Engine:
    if name == "vosk":
        return Engine(engine(), sound(SECONDS))
    pcm = fake_sherpa.sounding(0.0, SECONDS)
    if name == "sherpa":
        return Engine(lambda: SherpaRecogniser(Scripted()), pcm)
    return Engine(lambda: ScriptedRecogniser(SCRIPT, settled=0.1), pcm)


@pytest.fixture(params=["vosk", "sherpa", "scripted"])
def each(request: pytest.FixtureRequest) -> Engine:
    return engine_called(request.param)


def fed(recogniser: Recogniser, pcm: bytes) -> list[Result]:
    """All results of feeding this 100 ms at a time, and the last words."""
    found = [recogniser.feed(pcm[at : at + STEP_BYTES]) for at in range(0, len(pcm), STEP_BYTES)]
    return [*found, recogniser.finish()]


def finals(results: list[Result]) -> list[Result]:
    return [one for one in results if one.final and one.text]


def words_of(results: list[Result]) -> list[HeardWord]:
    """All words; of vosk not one that began before."""
    return [word for one in finals(results) for word in one.words if word.start >= 0]


def said(results: list[Result]) -> str:
    return " ".join(one.text for one in finals(results))


def test_final_results_have_the_words_of_their_text_with_rising_times_within_what_was_fed(each: Engine) -> None:
    words = list[HeardWord]()
    for one in finals(fed(each.make(), each.pcm)):
        assert one.text == " ".join(word.text for word in one.words)
        words += one.words
    assert len(words) >= 4
    for before, after in pairwise(words):
        assert before.start < before.end <= after.start + 0.05
        assert before.start < after.start
    assert words[-1].end <= len(each.pcm) / BYTES_PER_SECOND
    assert all(0 <= word.confidence <= 1 for word in words)


def test_a_partial_result_has_a_text_and_no_words_and_none_if_none_is_asked_for(each: Engine) -> None:
    partials = [one for one in fed(each.make(), each.pcm) if not one.final]
    assert any(one.text for one in partials)
    assert not any(one.words for one in partials)
    recogniser = each.make()
    assert recogniser.feed(each.pcm[:BYTES_PER_SECOND], partial=False) == Result("", (), final=False)


def test_what_is_spelled_is_spelled_in_small_letters(each: Engine) -> None:
    assert said(fed(each.make(), each.pcm)).islower()


def test_partial_texts_grow_into_the_final_one(each: Engine) -> None:
    results = fed(each.make(), each.pcm)
    first = next(n for n, one in enumerate(results) if one.final and one.text)
    partials = [one.text for one in results[:first] if one.text]
    assert partials[-1].split()[:2] == results[first].text.split()[:2]
    assert len(partials[0]) < len(partials[-1])


def test_times_in_partial_results_are_those_of_the_final_one(each: Engine) -> None:
    recogniser, timed = each.make(), tuple[HeardWord, ...]()
    assert recogniser.capabilities.partial_times
    for at in range(0, len(each.pcm), STEP_BYTES):
        one = recogniser.feed(each.pcm[at : at + STEP_BYTES])
        if one.final and one.text:
            break
        timed = recogniser.timed() or timed
    else:
        one = recogniser.finish()
    assert timed
    for word, last in zip(timed[:-1], one.words, strict=False):
        assert word.text == last.text
        assert word.start == pytest.approx(last.start, abs=0.05)


def test_more_sound_may_be_fed_after_an_utterance_was_ended(each: Engine) -> None:
    whole = each.make()
    half = len(each.pcm) // 2 // STEP_BYTES * STEP_BYTES
    first, second = fed(whole, each.pcm[:half]), fed(whole, each.pcm[half:])
    assert said(first)
    assert said(second)
    assert finals(second)[0].words[0].start >= half / BYTES_PER_SECOND - 0.5, "times go on"


def test_one_that_begins_anew_hears_the_same_at_the_same_times(each: Engine) -> None:
    recogniser = each.make()
    first = words_of(fed(recogniser, each.pcm))[:8]
    recogniser.begin()
    again = words_of(fed(recogniser, each.pcm))[:8]
    assert [word.text for word in again] == [word.text for word in first]
    assert all(one.start == pytest.approx(other.start, abs=0.05) for one, other in zip(first, again, strict=True))


def test_a_stretch_is_recognised_by_itself_and_leaves_no_trace(each: Engine) -> None:
    plain = finals(fed(each.make(), each.pcm))
    recogniser, results = each.make(), list[Result]()
    for at in range(0, len(each.pcm), STEP_BYTES):
        if at == 10 * STEP_BYTES:
            texts = recogniser.again(each.pcm, most=3)
            assert 1 <= len(texts) <= 3
            assert texts[0].split()[0] == plain[0].text.split()[0]
        results.append(recogniser.feed(each.pcm[at : at + STEP_BYTES]))
    results.append(recogniser.finish())
    assert finals(results) == plain


def test_with_few_phrases_to_choose_from_it_says_one_of_them_or_that_it_does_not_know(each: Engine) -> None:
    recogniser = each.make()
    first = said(fed(each.make(), each.pcm)).split()[0]
    (chosen,) = recogniser.again(each.pcm, among=[first])
    assert first in chosen.split()
    if recogniser.capabilities.grammar:
        assert set(chosen.split()) <= {first, "[unk]"}


def test_the_words_that_it_knows_are_listed_or_it_can_spell_any(each: Engine) -> None:
    recogniser = each.make()
    if words := recogniser.vocabulary():
        assert set(said(fed(recogniser, each.pcm)).split()) <= set(words)


# -- sherpa-onnx alone


@pytest.fixture
def zipformer(tmp_path: Path) -> Path:
    for name in (
        "tokens.txt", "encoder-1.onnx", "encoder-1.int8.onnx", "decoder-1.onnx", "decoder-1.int8.onnx", "joiner-1.int8.onnx",
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_which_engine_a_model_is_for_is_seen_by_its_files(zipformer: Path, tmp_path: Path) -> None:
    assert engine_of(models.SHIPPED) == "vosk"
    assert engine_of(zipformer) == "sherpa-onnx"
    assert models.find(zipformer).path == zipformer
    assert models.vocabulary(zipformer) == set(), "any word"
    assert engines.capabilities(models.SHIPPED).confidence
    assert not engines.capabilities(zipformer).confidence
    (zipformer / "tokens.txt").unlink()
    assert engine_of(zipformer) is None


def test_a_model_is_loaded_with_one_thread_and_the_fast_files(zipformer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", SimpleNamespace(OnlineRecognizer=Scripted))
    recogniser = engines.load(zipformer)()
    assert isinstance(recogniser, SherpaRecogniser)
    made = Scripted.made
    assert made["num_threads"] == 1, "threads do not survive a fork"
    names = {part: Path(str(made[part])).name for part in ("encoder", "decoder", "joiner")}
    assert names == {"encoder": "encoder-1.int8.onnx", "decoder": "decoder-1.onnx", "joiner": "joiner-1.int8.onnx"}


def test_without_the_package_or_with_a_broken_model_one_is_told(
    zipformer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(ModelError, match=r"pip install 'spacesctl\[sherpa\]'"):
        engines.load(zipformer)
    broken = type("Broken", (Scripted,), {"broken": True})
    monkeypatch.setitem(sys.modules, "sherpa_onnx", SimpleNamespace(OnlineRecognizer=broken))
    with pytest.raises(ModelError, match="cannot load"):
        engines.load(zipformer)


def test_pieces_of_words_become_words_with_ends_before_the_next() -> None:
    recogniser = SherpaRecogniser(Scripted())
    (one, *_) = finals(fed(recogniser, fake_sherpa.sounding(0.0, 3.0)))
    first, second = one.words
    assert (first.text, second.text) == ("hello", "there")
    assert first.start == pytest.approx(0.4, abs=0.002)
    assert first.end == pytest.approx(0.8, abs=0.05)
    assert second.start == pytest.approx(0.88, abs=0.002)
    assert first.confidence == UNSURE


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["\u2581HE", "LLO", "\u2581YOU"], "hello you"),
        ([" HE", "LLO", " YOU"], "hello you"),
        (["HE", "LLO", " ", "YOU"], "hello you"),
        (["\u4f60", "\u597d", " OK", "AY"], "\u4f60 \u597d okay"),
        ([], ""),
        ([" "], ""),
    ],
)
def test_borders_of_words_are_marked_in_several_ways(tokens: list[str], text: str) -> None:
    class Fixed(fake_sherpa.OnlineRecognizer):
        def get_result_all(self, s: fake_sherpa.Stream) -> fake_sherpa.Result:
            return fake_sherpa.Result(tokens, [0.1 * n for n in range(len(tokens))], "")

    assert SherpaRecogniser(Fixed()).finish().text == text
