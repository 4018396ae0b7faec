"""One function for each thing that a person, the clock or a bot asks for, which the doors call."""
