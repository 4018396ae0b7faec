"""Answers of the server as the errors of `domain.errors`: the same tree on both sides of the wire."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from spacesctl.domain import errors


def check(answer: httpx.Response) -> httpx.Response:
    """The answer if it is a success; raises the error that its problem document stands for. The body must have been read."""
    if answer.is_success:
        return answer
    try:
        body = answer.json()
    except ValueError:
        body = {}
    after = answer.headers.get("retry-after", "")
    raise as_error(
        body if isinstance(body, dict) else {}, answer.status_code, int(after) if after.isdecimal() else None
    )


def as_error(body: dict[str, Any], status: int, retry_after: int | None = None) -> errors.SpacesError:
    """A problem document (RFC 9457) as an error; `detail`, `reason`, `hint`, `field` and `retry_after` are kept.

    The seconds of a `Retry-After` come before those of the document: a proxy that refuses writes no document.
    """
    kind = errors.BY_CODE.get(str(body.get("code"))) or _BY_STATUS.get(status, errors.SpacesError)
    detail = str(body.get("detail") or f"the server answered {status}")
    error = kind.__new__(kind)
    errors.SpacesError.__init__(error, detail, reason=body.get("reason"), hint=body.get("hint"))
    if isinstance(error, errors.Invalid):
        error.field = str(body.get("field", ""))
    if isinstance(error, errors.TooMany):
        told = body.get("retry_after")
        error.retry_after = retry_after or (told if isinstance(told, int) else 1)
    return error


def unreachable(url: str, error: Exception) -> errors.Unavailable:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            problem = f"the certificate of {url} is not trusted ({cause.verify_message})"
            return errors.Unavailable(f"{problem}; for an authority of your own, set SSL_CERT_FILE to its certificate")
        cause = cause.__cause__ or cause.__context__
    return errors.Unavailable(f"cannot reach the server at {url} ({type(error).__name__})")


_BY_STATUS: dict[int, type[errors.SpacesError]] = {cls.status: cls for cls in reversed(errors.BY_CODE.values())}
