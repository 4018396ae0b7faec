"""What the server can carry, measured by real WebRTC listeners on this machine: `spacesctl bench`."""
