"""Fetching: goes on after a break, starts over when the file has changed, and stops at what is too much."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from spacesctl.domain.errors import Invalid, NotFound, Refused, Unavailable
from spacesctl.models import fetch as fetching
from spacesctl.models.fetch import fetch
from tests.models.archive_server import serving

CONTENT = bytes(range(256)) * 2_000
SUM = hashlib.sha256(CONTENT).hexdigest()


def test_a_file_comes_whole_with_its_progress_and_checksum(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    with serving(CONTENT) as archive:
        assert fetch(archive.url, tmp_path / "f", lambda *args: seen.append(args)) == SUM
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"f"}


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path) -> None:
    with serving(CONTENT) as archive:
        archive.cut = [100_000, 200_000]
        assert fetch(archive.url, tmp_path / "f", pause=0) == SUM
    assert archive.asked == [(None, 200), ("bytes=100000-", 206), ("bytes=300000-", 206)]


def test_the_next_command_goes_on_from_the_part_that_the_last_one_left(tmp_path: Path) -> None:
    with serving(CONTENT) as archive:
        archive.cut = [1_000] * fetching.ATTEMPTS
        with pytest.raises(Unavailable, match="to resume"):
            fetch(archive.url, tmp_path / "f", pause=0)
        assert not (tmp_path / "f").exists()
        assert fetch(archive.url, tmp_path / "f", pause=0) == SUM
    assert archive.asked[-1] == ("bytes=5000-", 206)


def test_a_file_that_changed_meanwhile_is_fetched_anew(tmp_path: Path) -> None:
    with serving(b"old" * 1_000) as archive:
        archive.cut = [500] * fetching.ATTEMPTS
        with pytest.raises(Unavailable):
            fetch(archive.url, tmp_path / "f", pause=0)
        archive.content, archive.etag = CONTENT, '"two"'
        assert fetch(archive.url, tmp_path / "f", pause=0) == SUM


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_etag_nothing_is_pieced_together(tmp_path: Path, etag: str | None) -> None:
    with serving(CONTENT) as archive:
        archive.etag, archive.cut = etag, [100_000]
        assert fetch(archive.url, tmp_path / "f", pause=0) == SUM
    assert [range_ for range_, _ in archive.asked] == [None, None]


def test_a_part_that_is_no_beginning_of_the_file_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(CONTENT + b"more")
    (tmp_path / "f.part.etag").write_text('"one"')
    with serving(CONTENT) as archive:
        assert fetch(archive.url, tmp_path / "f", pause=0) == SUM
    assert [status for _, status in archive.asked] == [416, 200]


def test_a_file_of_unknown_length_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 10_000)
    with serving(CONTENT) as archive:
        archive.says_length = False
        with pytest.raises(Refused, match="has more than"):
            fetch(archive.url, tmp_path / "f", pause=0)


def test_a_file_for_which_there_is_no_room_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1})())
    with serving(CONTENT) as archive, pytest.raises(Refused, match="MiB free"):
        fetch(archive.url, tmp_path / "f", pause=0)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with serving(b"") as archive:
        archive.answer = lambda request: request.send_error(404)  # type: ignore[method-assign]
        with pytest.raises(NotFound):
            fetch(archive.url, tmp_path / "f", pause=0)


def test_only_http_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        fetch("file:///etc/passwd", tmp_path / "f")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://[::", ""),
        ("http://a\nb", ""),
        ("http://x.invalid", "::::"),
        ("http://x.invalid", "socks5://127.0.0.1:9"),
    ],
)
def test_an_address_or_a_proxy_that_is_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(Invalid, match="cannot be fetched"):
        fetch(url, tmp_path / "file", pause=0)
