"""The network that tests break on purpose; `bench loss` breaks it the same way."""

from __future__ import annotations

from spacesctl.probe.impair import CLEAN, Fates, Impairment, Relay

__all__ = ["CLEAN", "Fates", "Impairment", "Relay"]
