"""Sends webhooks and notifications to addresses outside this server."""
