"""Compiles rule files of users in child processes, so that no file can hold up or bring down the server."""
