"""Log lines: for programs one JSON object each, for people plain lines, for nobody what an error quotes."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys

from spacesctl.support.logs import Unfailing

SAY = """
import asyncio, gc, logging, sys, structlog
from spacesctl.support.logs import configure, on_unhandled

SECRET = "spx_" + "hunter2" * 3
configure(sys.argv[1])
log = structlog.get_logger()
log.debug("fine detail")
log.info("started", port=8420)
log.info("asked", path="/v1/\\x1b]52;c;aGk=\\x07\\u202e\\nforged می\\u200cخ")
logging.getLogger("library").warning("header %s", "\\x1b[2J\\x9b\\u2066")
logging.getLogger("uvicorn.error").info("too much")
logging.getLogger("httpx").error("POST https://hooks.example.org/%s", SECRET)
logging.getLogger("sqlalchemy.pool").warning("a warning of %s", "a library")

def fails():
    raise ValueError(f"cannot take {SECRET}")

try:
    try:
        fails()
    except ValueError as error:
        raise RuntimeError(SECRET) from error
except RuntimeError as error:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    log.error("ours", exc_info=True)

async def main():
    asyncio.get_running_loop().set_exception_handler(on_unhandled)
    async def task():
        fails()
    made = asyncio.create_task(task())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del made
    gc.collect()

asyncio.run(main())
"""


def said(level: str, stderr: int = subprocess.PIPE) -> str:
    done = subprocess.run([sys.executable, "-c", SAY, level], stderr=stderr, text=True, check=True, timeout=15)
    return done.stderr or ""


def test_programs_get_a_json_object_a_line_from_libraries_too() -> None:
    lines = [json.loads(line) for line in said("info").splitlines()]
    assert [line["event"] for line in lines] == [
        "started", "asked", "header \ufffd[2J\ufffd\ufffd", "a warning of a library", "Exception in ASGI application", "ours", "unhandled",
    ]  # fmt: skip
    assert lines[0]["port"] == 8420
    assert {line["level"] for line in lines} == {"info", "warning", "error"}
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[3]["logger"] == "sqlalchemy.pool"


def test_of_an_error_the_kinds_and_the_places_are_logged_and_not_what_it_quotes() -> None:
    text = said("debug")
    assert "hunter2" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["event"] == "fine detail"
    for line in lines[-3:-1]:
        assert line["error"] == ["RuntimeError", "ValueError"]
        assert any(place.endswith(" fails") for place in line["places"])
    assert lines[-1]["error"] == ["ValueError"]
    assert lines[-1]["what"] == "Task exception was never retrieved"


def test_people_get_lines_to_read() -> None:
    ours, theirs = pty.openpty()
    said("info", theirs)
    os.close(theirs)
    text = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "started" in text
    assert "8420" in text
    assert not text.startswith("{")
    assert "hunter2" not in text
    assert not {"\x07", "\x9b", "\u202e", "\u2066"} & set(text)
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", text), "colours are ours"
    assert "\nforged" not in text


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

        def flush(self) -> None:
            if self.full:
                raise OSError(28, "No space left on device")

    disk = Full()
    stream = Unfailing(disk)
    stream.write("a")
    stream.flush()
    disk.full = False
    stream.write("b")
    stream.flush()
    assert (disk.getvalue(), stream.lost) == ("b", 1)
