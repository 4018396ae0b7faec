"""Under which heading each command stands in the help. Each stands under one, in the order in which it is usually wanted."""

from __future__ import annotations

HEADINGS: dict[str, tuple[str, ...]] = {
    "Spaces": ("create", "list", "show", "edit", "start", "end", "cancel", "schedule", "remind", "calendar"),
    "Messages and invitations": (
        "invite", "invites", "uninvite", "accept", "decline", "inbox", "dm", "notifications",
    ),
    "People": (
        "people", "policy", "raise", "hands", "approve", "deny", "promote", "demote", "warn", "mute", "unmute", "kick", "block",
        "unblock", "blocklist", "follow", "unfollow",
    ),
    "All at once": ("lock", "unlock", "slow", "hold"),
    "What the audience hears": ("redact", "dump", "cough", "panic", "redactions"),
    "Talk and listen": ("speak", "listen", "captions", "chat", "transcript", "watch", "console", "react", "record", "recordings"),
    "Posts": ("post", "play", "share", "feed"),
    "Rules and reports": (
        "rules", "report", "reports", "suggestions", "confirm", "dismiss", "sanctions", "sanction", "undo", "appeal", "appeals", "audit",
    ),
    "Accounts": ("login", "logout", "context", "account", "profile", "privacy"),
    "The server": ("serve", "demo", "doctor", "config", "models", "backup", "restore", "webhook", "coop", "bench"),
    "This command line": ("help", "completion"),
}  # fmt: skip
"""Names of commands, by heading."""
