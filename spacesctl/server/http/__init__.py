"""HTTP: routes, tokens, limits, idempotency, and problems as the answer to what goes wrong."""
