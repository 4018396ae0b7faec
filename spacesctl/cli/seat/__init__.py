"""The console: a seat in the terminal for who hosts or moderates a Space."""
