"""The WebRTC protocols without I/O, bytes in and bytes out: STUN and ICE-lite, DTLS, SRTP, RTP, RTCP, SDP."""
