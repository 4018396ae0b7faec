"""From one encoded frame to a packet for each subscriber."""
