"""Makes answers the same in each run: ids get names, and what is random or secret is replaced by a word in angle brackets."""

from __future__ import annotations

import re
from typing import Any

YEAR = "2030"
"""The year of the scenario's clock. Times of other years come from the machine's clock."""
_SECRETS = (
    (re.compile(r"\bspx_[\w-]+"), "<token>"),
    (re.compile(r"(?<=[?&])(state|nonce|code_challenge)=[\w-]+"), r"\1=<random>"),
    (re.compile(r"(?<=-away=)[\w-]+"), "<random>"),
    (re.compile(r"\bsp[lsdco]_[\w-]+"), "<code>"),
    (re.compile(r"\bwhsec_[\w+/=-]+"), "<secret>"),
    (re.compile(r"\bmsg_[0-9a-f]{24}\b"), "<message>"),
    (re.compile(r"\bprobe[0-9a-f]{8}:[0-9a-f]{8}\b"), "<user>"),
    (re.compile(r"(?<=/wh[ei]p/)[0-9a-f]{32}\b"), "<session>"),
    (re.compile(r"(?<=\d:)[0-9a-f]{8}\b"), "<user>"),
    (re.compile(r'(?<=credential=")[\w+/=]+'), "<secret>"),
    (re.compile(r"(a=ice-ufrag:|a=ice-pwd:|a=msid:|a=ssrc:|a=fingerprint:sha-256 |o=- )\S+"), r"\1<random>"),
    (re.compile(r"(?<=cname:)\S+"), "<random>"),
    (re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})\b"), "<hash>"),
    (re.compile(r"\banon-[0-9a-f]{6}\b"), "<connection>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<incident>"),
)
_TIME = re.compile(r"\b(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_NUMBER = re.compile(r"\bb?\d{19}\b")
_SHORT = re.compile(r"[A-Za-z0-9]{13}")
_ID_KEYS = frozenset({"id", "space_id", "series_id", "next_space_id", "ref", "clip"})
_SECRET_KEYS = frozenset({"password", "credential", "options", "webhook-signature", "Coop-Signature"})
_VARYING_KEYS = frozenset({"bytes"})
"""Integers that depend on the version of a codec."""

_LONGEST = 4_000
"""Characters of a text that is kept as it is."""
_UNORDERED_KEYS = frozenset[str]()
"""Lists whose order differs from process to process."""


class Normal:
    """Names of ids, in the order in which they were made known."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._unnamed = 0

    def name(self, value: str, name: str) -> None:
        """Show this id as `<name>` from now on."""
        self._names[value] = f"<{name}>"

    def of(self, value: Any, key: str = "") -> Any:
        """The value with names instead of ids, and words instead of secrets."""
        match value:
            case dict():
                return {self.text(str(name)): self.of(one, str(name)) for name, one in value.items()}
            case list():
                shown = [self.of(one, key) for one in value]
                return sorted(shown) if key in _UNORDERED_KEYS else shown
            case str():
                return self._string(value, key)
            case int() if key in _VARYING_KEYS and not isinstance(value, bool):
                return "<integer>"
            case _:
                return value

    def text(self, text: str) -> str:
        """A text of several words, such as that of a message."""
        for value, name in self._names.items():
            text = text.replace(value, name)
        for pattern, word in _SECRETS:
            text = pattern.sub(word, text)
        text = _TIME.sub(lambda found: found[0] if found[1] == YEAR else "<time>", text)
        return _NUMBER.sub(lambda found: self._numbered(found[0]), text)

    def _string(self, text: str, key: str) -> str:
        if key in _SECRET_KEYS:
            return "<secret>"
        if len(text) > _LONGEST:
            return f"<{len(text)} characters>"
        if key in _ID_KEYS and _SHORT.fullmatch(text) and text not in self._names:
            return self._numbered(text)
        return self.text(text)

    def _numbered(self, value: str) -> str:
        if value not in self._names:
            self._unnamed += 1
            self.name(value, f"id {self._unnamed}")
        return self._names[value]
