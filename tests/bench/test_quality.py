"""What `bench loss` and `bench mouth-to-ear` say, and what they refuse; the measuring itself is in tests/e2e/test_bad_networks.py."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest

from spacesctl.bench import latency, loss
from spacesctl.bench.janus import FILES, why_no_janus
from spacesctl.bench.latency import Delay, Latency
from spacesctl.bench.loss import Loss
from spacesctl.bench.loss_score import Score
from spacesctl.domain.errors import Refused
from spacesctl.probe import quality
from tests.bench.results import MACHINE
from tests.cli import inside
from tests.listening import voice
from tests.typed import sure


def test_scores_are_rows_of_networks_and_columns_of_servers() -> None:
    scores = [
        Score(network, server, seed, value + seed, value, 0.0, 0, False, 60.0 + seed)
        for network, server, value in (("0 %", "a", 2.25), ("0 %", "b", 2.0), ("5 %", "a", 1.5), ("5 %", "b", 1.0))
        for seed in (1, 2)
    ]
    made = loss.report(Loss(scores, {"c": "it is not here"}, [1, 2], MACHINE))
    assert made.columns == {"lost": "network", "a": "a", "b": "b"}
    assert made.rows == [
        {"network": "0 %", "a": "3.75 (62 ms)", "b": "3.50 (62 ms)"},
        {"network": "5 %", "a": "3.00 (62 ms)", "b": "2.50 (62 ms)"},
    ]
    assert made.notes[0] == "without c: it is not here"


def test_delays_are_rows_of_servers() -> None:
    one = Delay("a", p50=60.0, p95=71.5, worst=80.0, chirps=70, missed=0)
    made = latency.report(Latency([one], {}, 5, 20.0, MACHINE))
    assert [made.rows[0][key] for key in made.columns.values()] == ["a", "60.0", "71.5", "80.0", "70", "0"]


@pytest.mark.parametrize("words", [["loss", "--network", "99 %"], ["mouth-to-ear", "--server", "nobody"]])
def test_an_unknown_network_or_server_is_refused_with_those_that_are_known(words: list[str]) -> None:
    done = inside.run("http://127.0.0.1:9", "", "bench", *words)
    assert done.returncode == 2
    assert f"must be one of {'clean, 0 %' if words[0] == 'loss' else 'spacesctl, aiortc'}" in done.stderr


def test_without_pesq_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Refused, match="pip install pesq"):
        asyncio.run(loss.measure())


def test_without_janus_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "apt-get install janus" in sure(why_no_janus())
    result = asyncio.run(latency.measure(["AudioBridge"]))
    assert list(result.skipped) == ["AudioBridge"]
    assert result.delays == []


def test_janus_configuration_has_only_places_that_are_filled_in() -> None:
    text = "".join(file.read_text() for file in FILES.glob("*.jcfg"))
    filled = {"FOLDER", "LIBRARY", "SECRET", "HTTP", "MEDIA"}
    assert set(re.findall("@([A-Z]+)@", text)) == filled | {"PLACES"}, "and the word that explains them"


@pytest.mark.parametrize("shift", [-2000, 0, 7777])
def test_what_was_said_is_found_in_what_was_heard(shift: int) -> None:
    said = voice(5, 1.0)
    heard = quality.cut(said, -shift, 100_000)
    assert quality.lag(said[:20_000] if shift >= 0 else said[4000:20_000], heard) == max(
        shift, shift + 4000 * (shift < 0)
    )
    assert quality.correlation(said, quality.cut(heard, shift, len(said))) > 0.95


def test_a_narrowed_tone_keeps_its_pitch_and_loses_what_does_not_fit() -> None:
    times = np.arange(48_000) / 48_000
    low, high = ((10_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16) for hertz in (1000, 11_000))
    spectrum = np.abs(np.fft.rfft(quality.narrowed(low)))
    assert len(quality.narrowed(low)) == 16_000
    assert int(np.argmax(spectrum)) == 1000
    assert np.abs(quality.narrowed(high)[200:-200]).max() < 50


def test_chirps_are_where_they_are_said_to_be() -> None:
    said, places = latency.chirps(10 * 48_000)
    assert len(places) == 9
    assert len({place % 960 for place in places}) == 9
    for place in places:
        assert not said[place - 2000 : place].any()
        assert np.abs(said[place : place + latency.CHIRP]).max() > 10_000
