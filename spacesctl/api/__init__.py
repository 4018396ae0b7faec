"""The types of the wire: every request, answer, event and problem, shared by the server and its clients."""
