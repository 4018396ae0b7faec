"""Problems in a rule file, worded so that its author can correct them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Problem:
    """One problem. `line` counts from 1; `todo` says how to correct it."""

    line: int
    message: str
    todo: str
    file: str = "rules.toml"
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.message}; {self.todo}"


class RuleFileError(Exception):
    """A rule file was refused. `problems` holds all errors and warnings, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        errors = [problem for problem in self.problems if problem.level == "error"]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0]}{more}" if errors else "the rule file is refused")
