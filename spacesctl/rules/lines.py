"""The line of each key in a TOML text. `tomllib` returns values without their places.

This scanner runs on text that `tomllib` has accepted. It only walks over tables, keys, the four kinds of strings,
arrays and inline tables, and does not validate them.
"""

from __future__ import annotations

Path = tuple[str | int, ...]

_BARE_END = frozenset(" \t\r\n=.]},#")


def locate(text: str) -> dict[Path, int]:
    """The line (from 1) of every table, key and array item, by its path: `("rule", 0, "when", "any", 1, "words", 2)`."""
    return _Scanner(text).scan()


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest enclosing path that has one; 1 for the file itself."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._blank()
        while self.at < len(self.text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blank()
        return self.found

    def _header(self) -> Path:
        is_item = self.text.startswith("[[", self.at)
        self._step(2 if is_item else 1)
        line = self.line
        path = self._resolve(self._key())
        for length in range(1, len(path)):
            self.found.setdefault(path[:length], line)
        if is_item:
            index = self.counts.get(path, 0)
            self.counts[path] = index + 1
            self.found.setdefault(path, line)
            path = (*path, index)
        self.found.setdefault(path, line)
        self._blank()
        self._step(2 if is_item else 1)
        return path

    def _resolve(self, key: list[str]) -> Path:
        """The path of a header's key: `[rule.when]` after `[[rule]]` belongs to the latest rule."""
        path: Path = ()
        for n, part in enumerate(key):
            path = (*path, part)
            if path in self.counts and n < len(key) - 1:
                path = (*path, self.counts[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self.line
        path = table
        for part in self._key():
            path = (*path, part)
            self.found.setdefault(path, line)
        self._blank()
        self._step(1)  # the equals sign
        self._blank()
        self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._blank()
            parts.append(self._string() if self._peek() in "\"'" else self._bare())
            self._blank()
            if self._peek() != ".":
                return parts
            self._step(1)

    def _bare(self) -> str:
        start = self.at
        while self.at < len(self.text) and self._peek() not in _BARE_END:
            self._step(1)
        return self.text[start : self.at]

    def _value(self, path: Path) -> None:
        self.found.setdefault(path, self.line)
        first = self._peek()
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in "\"'":
            self._string()
        else:
            while self.at < len(self.text) and self._peek() not in ",]}#\n":
                self._step(1)

    def _array(self, path: Path) -> None:
        self._step(1)
        index = 0
        self._blank()
        while self._peek() != "]":
            self._value((*path, index))
            index += 1
            self._comma()
        self._step(1)

    def _inline_table(self, path: Path) -> None:
        self._step(1)
        self._blank()
        while self._peek() != "}":
            self._pair(path)
            self._comma()
        self._step(1)

    def _comma(self) -> None:
        self._blank()
        if self._peek() == ",":
            self._step(1)
            self._blank()

    def _string(self) -> str:
        quote = self._peek()
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self._step(len(mark))
        start = self.at
        while not self.text.startswith(mark, self.at):
            self._step(2 if quote == '"' and self._peek() == "\\" else 1)
        end = self.at
        self._step(len(mark))
        while len(mark) == 3 and self._peek() == quote:  # up to two quotes may stand before the closing three
            self._step(1)
        return self.text[start:end]

    def _blank(self) -> None:
        while self.at < len(self.text):
            if self._peek() == "#":
                while self.at < len(self.text) and self._peek() != "\n":
                    self._step(1)
            elif self._peek().isspace():
                self._step(1)
            else:
                return

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _step(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count
