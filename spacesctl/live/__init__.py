"""One actor per Space, and what hangs on it: sessions, views of its events, the evidence ring."""
