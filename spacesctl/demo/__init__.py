"""`spacesctl demo`: a whole Space on this machine with speakers, listeners and moderation, and its measurement."""
