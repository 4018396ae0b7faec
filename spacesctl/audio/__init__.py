"""Audio processing without I/O, mostly on frames of 20 ms: Opus, Ogg, jitter buffer, mixer, delay line, levels, limiter."""
