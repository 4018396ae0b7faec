"""WebRTC speakers and listeners that measure what they hear, for benches, the demo and tests."""
