"""How much one account counts where rules ask for the conduct of many."""

from __future__ import annotations

from typing import Final

MOST_REACTIONS: Final = 5
"""Reactions of one account that count in a minute."""
MOST_REQUESTS: Final = 2
"""Requests to speak of one account that count in a minute: a hand that goes up and down is one person's."""
