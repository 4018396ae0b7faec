"""All that is of SQLite alone: how the file is opened, locked, migrated and copied. Nothing outside this folder knows it."""
