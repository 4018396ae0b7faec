"""Requests that are refused before the application sees them: the answers as bytes, as RFC 9457 documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from spacesctl.api.problem import Problem
from spacesctl.domain.errors import Invalid, TooMany
from spacesctl.server.http import problems
from spacesctl.server.http.rates import LOOK_AGAIN


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused (the label in the metrics), and what is answered."""

    why: str
    problem: Problem
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def answer(self, more: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The whole answer, with `more` headers. The connection ends with it."""
        made = problems.respond(self.problem)
        headers = [*more, *made.raw_headers, *self.headers, (b"connection", b"close")]
        lines = [b"HTTP/1.1 %d %s" % (self.problem.status, HTTPStatus(self.problem.status).phrase.encode())]
        lines += [name + b": " + value for name, value in headers]
        return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(made.body)


def _of(why: str, status: int, code: str, title: str, detail: str) -> Refusal:
    return Refusal(why, problems.plain(status, code, title, detail))


def head_too_large(most: int) -> Refusal:
    """431. `most` in bytes."""
    return _of("head_size", 431, "head_too_large", "Request Header Fields Too Large", f"a head may have {most} bytes")


def too_many_lines(most: int) -> Refusal:
    """431."""
    return _of("head_lines", 431, "head_too_large", "Request Header Fields Too Large", f"a head may have {most} lines")


def head_too_slow(seconds: float) -> Refusal:
    """408."""
    return _of("head_time", 408, "too_slow", "Request Timeout", f"the head did not come within {seconds:g} s")


def body_too_slow() -> Refusal:
    """408."""
    return _of("body_time", 408, "too_slow", "Request Timeout", "the body came too slowly")


def body_unwanted() -> Refusal:
    """413, though nobody hears it: the request was answered before."""
    return _of("body_unwanted", 413, "too_large", "Request Entity Too Large", "the request was answered already")


def malformed() -> Refusal:
    """400."""
    return Refusal("malformed", problems.document(Invalid("request", "is not HTTP")))


def hosts() -> Refusal:
    """400 (RFC 9112, 3.2)."""
    return Refusal("host_lines", problems.document(Invalid("Host", "must be there once")))


def too_many_pipelined(most: int) -> Refusal:
    """429."""
    return _too_many("pipelined", f"requests that wait for answers on one connection; the limit is {most}", 1)


def too_many_connections(most: int) -> Refusal:
    """429."""
    return _too_many("address", f"connections from your address; the limit is {most}", LOOK_AGAIN)


def _too_many(why: str, what: str, retry_after: int) -> Refusal:
    return Refusal(why, problems.document(TooMany(what, retry_after)), ((b"retry-after", str(retry_after).encode()),))
