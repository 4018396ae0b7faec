"""The test suite. Shared helpers: `listening` (voices and likeness), `webrtc` (aiortc clients)."""
