"""Rooms and their lanes: mixing and encoding the sound of each tick."""
