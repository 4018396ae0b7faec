"""Customer care as values: its law, its order beside an independent simulation, its figures."""
