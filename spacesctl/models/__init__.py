"""Recogniser models on this machine: which are known, fetching one, and unpacking it with care."""
