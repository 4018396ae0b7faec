"""Measurements, run by hand: `python tests/bench/fanout.py`."""
