"""The engine process: the UDP socket, the tick, peers, lanes and outputs. It knows no roles and no accounts."""
