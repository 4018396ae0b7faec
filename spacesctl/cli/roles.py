"""Roles as people say them."""

from __future__ import annotations

from typing import Final

from spacesctl.domain.words import Role

ROLES: Final[dict[Role, str]] = {
    Role.LISTENER: "a listener",
    Role.SPEAKER: "a speaker",
    Role.COHOST: "a co-host",
    Role.HOST: "the host",
}
