"""What a model process does before and after it serves."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable

from bots.hearing import model_process
from bots.hearing.recogniser import Recogniser
from bots.models import ModelError
from spacesctl.support.messages import ProtocolError
from spacesctl.support.parent import wake_when_parent_ends
from spacesctl.support.terminal import write_line


def serve(load: Callable[[], Callable[[], Recogniser]]) -> int:
    """Load a model with `load` and serve the pool, whose socket is stdin; the exit code."""
    wake_when_parent_ends()
    # Both reach the whole process group; the pool ends this process by closing its socket.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sock = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a C library prints is not lost, and not an answer
    try:
        return model_process.run(load, sock)
    except ConnectionError:
        return 0  # the pool has ended
    except (ProtocolError, ModelError) as error:
        write_line(f"recogniser: {error}", err=True)
        return model_process.EXIT_BROKEN if isinstance(error, ProtocolError) else model_process.EXIT_MODEL
    finally:
        sock.close()
