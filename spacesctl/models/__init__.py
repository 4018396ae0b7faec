"""Recogniser models on this machine: the catalogue, downloading, and safe unpacking."""
