"""HTTP: routes, tokens, rate limits, idempotency, and errors as problem documents."""
