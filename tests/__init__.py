"""The test suite. Shared by all: `listening` (voices and likeness), `webrtc` (aiortc clients)."""
