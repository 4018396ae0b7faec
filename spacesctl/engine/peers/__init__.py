"""WebRTC peers: who may come, their checks and handshakes, and the packets that they miss."""
