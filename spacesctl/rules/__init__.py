"""House rules on live speech: rule file, normalisation, matching and decisions. Pure: no I/O, time is passed in."""
