"""Read-only `/2/spaces` in the format of X's API v2, so that programs written for it can read this server's Spaces."""
