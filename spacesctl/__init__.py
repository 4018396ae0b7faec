"""Live audio rooms that anyone can host and moderate from a terminal, on their own machine."""

__version__ = "0.1.0"
