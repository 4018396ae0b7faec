"""Speech recognition in a child process: Opus packets of lanes in, utterances out, one recogniser for each lane."""
