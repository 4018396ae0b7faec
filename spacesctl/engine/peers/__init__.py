"""WebRTC peers: their ICE checks, DTLS handshakes, SRTP, RTCP reports and NACKs."""
