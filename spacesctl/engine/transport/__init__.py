"""Sending and receiving datagrams: the UDP port, TCP connections, and batches sent by one system call."""
