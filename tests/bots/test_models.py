"""Which model is used, and what it can emit."""

import struct
from pathlib import Path

import pytest

from bots import casts, models
from spacesctl.rules.check import check
from spacesctl.rules.vocabulary import Vocabulary


def fake_model(path: Path) -> Path:
    (path / "am").mkdir(parents=True)
    (path / "am" / "final.mdl").touch()
    return path


def test_the_order_is_asked_for_then_set_then_data_folder_then_shipped(tmp_path: Path) -> None:
    asked, setting = fake_model(tmp_path / "asked"), fake_model(tmp_path / "set")
    data = tmp_path / "data"
    fake_model(data / "models" / "b")
    fake_model(data / "models" / "a")
    (data / "models" / "README").touch()
    assert models.find(asked, setting, data).path == asked
    assert models.find(None, setting, data).path == setting
    assert models.find(None, None, data) == models.Model(data / "models" / "a", "a")
    shipped = models.find(None, None, tmp_path / "nothing")
    assert (shipped.path, shipped.name) == (models.SHIPPED, "shipped-tiny")
    assert "only its synthetic voices" in (shipped.notice or "")


def test_a_model_asked_for_that_is_none_is_an_error_and_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(models.ModelError, match="does not exist"):
        models.find(tmp_path / "missing")
    with pytest.raises(models.ModelError, match="is not a model"):
        models.find(None, tmp_path)


def test_the_shipped_model_knows_words_and_no_symbols() -> None:
    words = models.vocabulary(models.SHIPPED)
    assert {"giveaway", "password", "don't"} <= words
    assert not words & {"<eps>", "[unk]", "#0"}
    assert len(words) == 495


def test_words_come_from_the_symbols_of_a_graph_that_has_no_list(tmp_path: Path) -> None:
    def text(word: str) -> bytes:
        return struct.pack("<i", len(word.encode())) + word.encode()

    words = ["<eps>", "hello", "wörld", "#0"]
    table = struct.pack("<i", 2125658996) + text("words") + struct.pack("<qq", 4, len(words))
    table += b"".join(text(word) + struct.pack("<q", key) for key, word in enumerate(words))
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "Gr.fst").write_bytes(b"\xd6\xfd\xb2\x7e" + bytes(40) + table + bytes(100))
    assert models.vocabulary(tmp_path) == {"hello", "wörld"}
    (tmp_path / "graph" / "Gr.fst").write_bytes(table[:-12])
    with pytest.raises(models.ModelError, match="which words"):
        models.vocabulary(tmp_path)


def test_words_of_a_model_without_a_graph_folder_are_read_and_a_damaged_table_has_none(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("<eps> 0\nhello 1\n\n[unk] 2\n")
    assert models.vocabulary(tmp_path) == {"hello"}
    (tmp_path / "words.txt").unlink()
    (tmp_path / "Gr.fst").write_bytes(b"no table in here")
    with pytest.raises(models.ModelError, match="neither words"):
        models.vocabulary(tmp_path)
    damaged = models._SYMBOLS + b"\x00\x00\x00\x00" + bytes(8) + b"\x01" + bytes(7) + b"\xff\xff\xff\x7f"
    (tmp_path / "Gr.fst").write_bytes(damaged)
    with pytest.raises(models.ModelError, match="neither words"):
        models.vocabulary(tmp_path)


@pytest.mark.parametrize("name", casts.names())
def test_each_cast_is_whole_and_its_rules_can_be_heard(name: str) -> None:
    cast = casts.load(name)
    vocabulary = models.vocabulary(models.SHIPPED)
    assert check(cast.rules, f"{name}.toml", Vocabulary(vocabulary)) == []
    assert [person.role for person in cast.people] == ["host", "speaker", "speaker", "speaker"]
    assert cast.host.kind == "brand"
    assert len({person.voice for person in cast.people}) == 4
    for person in cast.people:
        assert 10 <= person.seconds <= 30
        assert set(person.text.split()) <= vocabulary
        ends = [time for sentence in person.sentences for time in (sentence.start, sentence.end)]
        assert ends == sorted(ends)
        assert ends[-1] <= person.seconds
    for phrase in cast.troublemaker.phrases:
        assert f'id = "{phrase.rule}"' in cast.rules
        assert phrase.text in cast.troublemaker.said_by(phrase.end + 3)
        assert 0 < phrase.start < phrase.end < cast.troublemaker.seconds


def test_an_unknown_cast_names_those_that_there_are() -> None:
    with pytest.raises(LookupError, match="cast_a, cast_b"):
        casts.load("cast_z")
