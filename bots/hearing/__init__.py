"""From a lane's Opus packets to what was said: child processes, one long-lived recogniser a lane."""
