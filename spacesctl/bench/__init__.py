"""Benchmarks of the server with real WebRTC listeners on this machine: `spacesctl bench`."""
