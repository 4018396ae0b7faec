"""The demo: a whole Space with real voices, on a server of its own, measured by what its listeners decoded."""
