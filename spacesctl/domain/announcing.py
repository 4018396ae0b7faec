"""What everybody is told on entry: which programs listen, write or act in a Space, and what is recorded.

People have to know that they are dealing with a program (Regulation (EU) 2024/1689, Article 50). None of ours infers what anybody feels.
"""

from __future__ import annotations

from spacesctl.domain.actions import ACTIONS
from spacesctl.domain.space import Grant, Space
from spacesctl.domain.words import RecordingMode


def announcement(space: Space) -> str | None:
    """In words, for page, terminal and every speaker before the microphone opens; None when no bot listens and nothing is recorded."""
    parts = []
    if space.captions:
        parts.append("A bot (a program, no person) listens and writes live captions, which are kept.")
    if space.rules_hash is not None:
        parts.append("A bot applies the host's rules to what is said; words that break a rule are kept as evidence.")
    if space.grant is not None and (may := _may(space.grant)):
        parts.append(f"By itself it may: {', '.join(may)}.")
    if space.recording is not None or space.recording_mode is not RecordingMode.OFF:
        parts.append("The Space is recorded: the host can listen to what you say later, and share it.")
    return " ".join(parts) or None


def _may(grant: Grant) -> list[str]:
    """By the names that the command line has for them, the mildest first. What is only noted touches nobody."""
    return [name for name in ACTIONS if name in grant.actions and name != "log"]
