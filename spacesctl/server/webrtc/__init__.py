"""The ways for audio to reach the server: WHIP, WHEP, and WebSocket lanes."""
