"""`python -m spacesctl.engine --fd N --udp HOST:PORT [--tcp]`: started by control, with its end of a socket pair as N."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import socket
import sys

from spacesctl.engine.engine import run
from spacesctl.engine.messages import PORT_TAKEN
from spacesctl.support.logs import configure
from spacesctl.support.parent import wake_when_parent_ends


def endpoint(text: str) -> tuple[str, int]:
    """Parse `HOST:PORT`, with an IPv6 host in brackets. Raises ValueError for a port that is no number."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def main() -> int:
    """Run the engine until control closes the link. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="spacesctl.engine", description="the media engine, started by the server")
    parser.add_argument("--fd", type=int, required=True, help="the inherited socket of the link to the server")
    parser.add_argument("--udp", type=endpoint, required=True, help="HOST:PORT of the one UDP port")
    parser.add_argument("--tcp", action="store_true", help="also listen over TCP on the same port")
    arguments = parser.parse_args()
    configure("info", "media")
    wake_when_parent_ends()
    host, port = arguments.udp
    try:
        return asyncio.run(run(socket.socket(fileno=arguments.fd), host, port, tcp=arguments.tcp))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return PORT_TAKEN  # control says which, and what to do
        logging.getLogger(__name__).error("%s:%d: %s", host, port, error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
