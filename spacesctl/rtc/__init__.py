"""Bytes in, bytes out: STUN and ICE-lite, DTLS, SRTP, RTP, RTCP, SDP. No socket is opened here."""
