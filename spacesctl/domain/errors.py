"""All errors that a caller of the API can get, as one tree.

    SpacesError
    ├── Invalid        400  exit 2   the request itself is wrong
    ├── NotSignedIn    401  exit 4   no token or session, or an unknown one
    ├── NotAllowed     403  exit 5   signed in, but not permitted
    ├── NotFound       404  exit 3   no such thing, or not visible to the caller
    ├── Refused        409  exit 5   permitted, but not in this state
    ├── Conflict       409  exit 5   another one exists already
    ├── Gone           410  exit 3   it existed and is over
    ├── TooMany        429  exit 5   a rate limit was reached
    └── Unavailable    503  exit 6   the server cannot do it now

`code` is stable and machine-readable; `reason` (for `Refused` and `NotAllowed`) says which rule refused. Messages never carry a secret.
"""

from __future__ import annotations

from typing import ClassVar


class SpacesError(Exception):
    """The base of all errors. `str(error)` is one sentence that may be shown to the caller."""

    code: str = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Something failed"

    def __init__(self, message: str, *, reason: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.hint = hint


class Invalid(SpacesError):
    """A field is missing, malformed or out of range. `field` names it."""

    code, status, exit_code, title = "invalid", 400, 2, "The request is not valid"

    def __init__(self, field: str, problem: str, *, hint: str | None = None) -> None:
        super().__init__(f"{field}: {problem}", hint=hint)
        self.field = field


class NotSignedIn(SpacesError):
    """The request needs a token or a session, and has none or an unknown one; or a way to sign in was wrong."""

    code, status, exit_code, title = "not_signed_in", 401, 4, "Not signed in"

    def __init__(
        self,
        problem: str = "this needs somebody who is signed in",
        hint: str = "spacesctl login, or set SPACESCTL_TOKEN",
    ) -> None:
        super().__init__(problem, hint=hint)


class NotAllowed(SpacesError):
    """The account is signed in but may not do this. `reason` is an action of the permission table, `barred`, `blocked`,
    `suspended` or `scope`.
    """

    code, status, exit_code, title = "not_allowed", 403, 5, "Not allowed"

    def __init__(self, what: str, *, reason: str) -> None:
        super().__init__(what, reason=reason)


class NotFound(SpacesError):
    """There is no such thing, or the caller may not see it. `noun` is its kind, `ref` its name or id."""

    code, status, exit_code, title = "not_found", 404, 3, "Not found"

    def __init__(self, noun: str, ref: str) -> None:
        super().__init__(f"there is no {noun} {ref}")
        self.noun, self.ref = noun, ref


class Refused(SpacesError):
    """The account may do this, but not in the present state. `reason` names the state (`stage_full`, `not_live`, ...)."""

    code, status, exit_code, title = "refused", 409, 5, "Refused"

    def __init__(self, reason: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, reason=reason, hint=hint)


class Conflict(SpacesError):
    """Another thing with this name or key exists already."""

    code, status, exit_code, title = "conflict", 409, 5, "Conflict"

    def __init__(self, noun: str, ref: str, problem: str = "exists already") -> None:
        super().__init__(f"{noun} {ref} {problem}")


class Gone(SpacesError):
    """The thing existed and is over. `state` says how it ended, and is the `reason`."""

    code, status, exit_code, title = "gone", 410, 3, "Gone"

    def __init__(self, noun: str, ref: str, state: str) -> None:
        super().__init__(f"{noun} {ref} is {state}", reason=state)


class TooMany(SpacesError):
    """A rate limit was reached. `retry_after` is in whole seconds."""

    code, status, exit_code, title = "too_many", 429, 5, "Too many"

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(f"too many {what}; try again in {retry_after} s")
        self.retry_after = retry_after


class Unavailable(SpacesError):
    """The server cannot do this at the moment. `reason` names what is in trouble: `disk_full`, `database_locked`, ..."""

    code, status, exit_code, title = "unavailable", 503, 6, "Unavailable"

    def __init__(self, what: str, *, reason: str | None = None) -> None:
        super().__init__(what, reason=reason)


BY_CODE: dict[str, type[SpacesError]] = {
    cls.code: cls
    for cls in (Invalid, NotSignedIn, NotAllowed, NotFound, Refused, Conflict, Gone, TooMany, Unavailable, SpacesError)
}
"""The error class of each stable `code`."""


def is_final(error: Exception) -> bool:
    """Whether the same request fails again in the same way: it is refused, and the server is not in trouble."""
    return isinstance(error, SpacesError) and not isinstance(error, TooMany | Unavailable)
