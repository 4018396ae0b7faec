"""`doctor`: checks what a server needs, on this machine and on the network to it, and says how to repair what is wrong."""
