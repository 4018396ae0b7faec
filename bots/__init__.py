"""The bots that listen: they hear every lane, transcribe it, judge it by the host's rules and act through the API."""
