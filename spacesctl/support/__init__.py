"""What every room may use: logging, back-off, length-prefixed messages. It knows nothing of Spaces."""
