"""Rooms and their lanes: what is heard in a tick, and how it is encoded."""
