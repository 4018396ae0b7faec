"""`doctor`: looks at what a server needs, on this machine and on the way to it, and says what to do about what is wrong."""
