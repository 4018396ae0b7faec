"""Tests of the probe: its clients, what they count, and what they look at."""
