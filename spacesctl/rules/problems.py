"""What is wrong in a rule file, said so that its author can mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Problem:
    """One finding. `line` counts from 1; `todo` says what to do about it."""

    line: int
    message: str
    todo: str
    file: str = "rules.toml"
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.message}; {self.todo}"


class RuleFileError(Exception):
    """A rule file that is refused. `problems` holds every error and warning found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        errors = [problem for problem in self.problems if problem.level == "error"]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0]}{more}" if errors else "the rule file is refused")
