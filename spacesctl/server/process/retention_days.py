"""The settings table `[retention]`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spacesctl.domain.retention import Retention


def _days(value: object) -> object:
    return 0 if isinstance(value, str) and value.strip().lower() == "off" else value


MOST_DAYS = 36_500
"""More than that is the same: a date before all."""
Days = Annotated[int, BeforeValidator(_days), Field(ge=0)]


class RetentionDays(BaseModel):
    """Days that each class of what is about people is kept; 0 or "off": until somebody deletes it."""

    model_config = ConfigDict(extra="forbid")

    evidence_days: Days = 30
    dismissed_days: Days = 7
    captions_days: Days = 365
    cases_days: Days = 365

    @property
    def kept(self) -> Retention:
        """The same as times."""
        return Retention(
            evidence=_time(self.evidence_days),
            dismissed=_time(self.dismissed_days),
            captions=_time(self.captions_days),
            cases=_time(self.cases_days),
        )


def _time(days: int) -> timedelta | None:
    return timedelta(days=min(days, MOST_DAYS)) if days else None
