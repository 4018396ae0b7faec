"""The server process: settings, start and stop, and the child processes that it keeps running."""
