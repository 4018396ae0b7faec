"""Use cases: one function for each request of a person, the clock or a bot. The HTTP routes and keepers call them."""
