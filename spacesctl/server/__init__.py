"""HTTP only: routes, tokens, problem documents, Server-Sent Events, WHIP and WHEP, lanes."""
