"""Live Spaces: one actor per Space, with its sessions, event subscribers, evidence ring and recording."""
