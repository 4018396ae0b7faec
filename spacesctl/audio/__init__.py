"""Pure work on 20 ms frames of sound: Opus, Ogg, jitter buffer, mixer, delay line, level and activity, limiter."""
