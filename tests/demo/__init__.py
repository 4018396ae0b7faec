"""Tests of the demo: its measuring by itself, and whole runs."""
