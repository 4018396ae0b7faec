"""The doors that sound comes in by: WHIP, WHEP, WebSocket lanes."""
