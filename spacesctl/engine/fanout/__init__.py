"""Fan-out: turns one encoded frame into an SRTP packet for each subscription, and sends them."""
