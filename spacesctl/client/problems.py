"""Turns error answers of the server into the errors of `domain.errors`, which the server raised them from."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx

from spacesctl.api.problem import Problem
from spacesctl.api.wire import load
from spacesctl.domain import errors

ANOTHER = "it has no such address; is its URL right, and is it a spacesctl server?"


def check(answer: httpx.Response) -> httpx.Response:
    """The answer if it is a success; otherwise raises the error of its problem document. Its body must have been read."""
    if answer.is_success:
        return answer
    try:
        problem = load(answer.content, Problem)
    except (ValueError, RecursionError):
        page = " with an HTML page: is it a spacesctl server?" if kind_of(answer) == "text/html" else ""
        problem = Problem(detail=f"the server answered {answer.status_code}{page}")
    if answer.status_code == 404 and problem.detail in (
        "Not Found",
        "the server answered 404",
    ):  # not ours to a call of ours
        problem = Problem(detail=f"the server answered 404: {ANOTHER}")
    after = answer.headers.get("retry-after", "")[:9]  # more is no time to wait
    raise as_error(problem, answer.status_code, int(after) if after.isdecimal() else None)


def kind_of(answer: httpx.Response) -> str:
    """The content type of an answer, without its parameters."""
    said: str = answer.headers.get("content-type", "")
    return said.partition(";")[0].strip().lower()


def as_error(problem: Problem, status: int, retry_after: int | None = None) -> errors.SpacesError:
    """A problem document (RFC 9457) as an error; `detail`, `reason`, `hint`, `field` and `retry_after` are kept.

    `retry_after` (seconds, from the header) takes precedence over the document's, since a proxy sends no document.
    """
    known = errors.BY_CODE.get(problem.code) if problem.code != errors.SpacesError.code else None
    kind = known or _BY_STATUS.get(
        status, errors.Unavailable if status in _BY_PROXIES or status < 200 else errors.SpacesError
    )
    error = kind.__new__(kind)
    errors.SpacesError.__init__(
        error,
        problem.detail or f"the server answered {status}",
        reason=problem.reason or None,
        hint=problem.hint or None,
    )
    if known is None and problem.code != error.code:
        error.code = problem.code  # of a protocol, such as `method_not_allowed`, or of a newer server
    if isinstance(error, errors.Invalid):
        error.field = problem.field or ""
    if isinstance(error, errors.TooMany):
        error.retry_after = retry_after or problem.retry_after or 1
    return error


def unreachable(url: str, error: Exception) -> errors.Unavailable:
    """The error for a connection that failed, with its cause in words: what to mend differs."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            problem = f"the certificate of {url} is not trusted ({cause.verify_message})"
            return errors.Unavailable(
                f"{problem}; if it is from your own certificate authority, set SSL_CERT_FILE to the authority's certificate"
            )
    why = next((said for cause in _causes(error) if (said := _why(cause))), "the connection failed")
    return errors.Unavailable(f"cannot reach the server at {url}: {why}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it, the innermost first: it knows best. Also one that is suppressed, as httpcore does."""
    if error is None:
        return
    yield from _causes(error.__cause__ or error.__context__)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _causes(one)
    yield error


def _why(cause: BaseException) -> str:
    """The cause in words; "" when this error does not tell."""
    match cause:
        case socket.gaierror():
            return "there is no such name"
        case ConnectionRefusedError():
            return "nobody listens there; is the server running?"
        case httpx.ProxyError():
            return "the proxy in between refuses"
        case ssl.SSLError():
            return "it does not speak TLS; does its address begin with http://?"
        case TimeoutError() | httpx.TimeoutException():
            return "it does not answer in time"
        case httpx.RemoteProtocolError():
            ended = str(cause).startswith("Server disconnected")
            return "it ended the connection without an answer" if ended else "what answers there is no web server"
        case ConnectionError() | httpx.ReadError() | httpx.WriteError():
            return "the connection broke off"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
            return "no network leads there"
        case _:
            return ""


_BY_STATUS: dict[int, type[errors.SpacesError]] = {cls.status: cls for cls in reversed(errors.BY_CODE.values())}
_BY_PROXIES = (502, 504)
"""What a proxy answers when it cannot reach the server."""
