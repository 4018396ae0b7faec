"""How datagrams come and go: the UDP port, connections over TCP, and one system call for a thousand datagrams."""
