"""Measurements, run by hand: `python tests/bench/day.py`; what a server carries is measured by `spacesctl bench`."""
