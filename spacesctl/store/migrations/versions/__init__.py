"""One module for each schema version, oldest first by its number."""
