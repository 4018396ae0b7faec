"""The server as a process: its settings, its start and stop, and the children that it keeps running."""
