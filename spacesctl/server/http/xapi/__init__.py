"""Reads under `/2/spaces` in the shapes of X's API v2, so that programs written for it find the Spaces of this server."""
