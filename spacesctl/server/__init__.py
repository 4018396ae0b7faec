"""The server: HTTP, WebRTC signalling, deliveries, and the process."""
