"""The host's rules on live speech: rule file, normalisation, matching, decisions. Pure: no I/O, callers pass the time in."""
