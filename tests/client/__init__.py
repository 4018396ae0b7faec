"""The clients, without a server."""
