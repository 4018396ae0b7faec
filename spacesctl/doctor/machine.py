"""Checks of the machine: clock, UDP buffers, compiled code, disk space, data folder."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import stat
from pathlib import Path

from spacesctl.doctor.finding import Finding, fail, ok, warn
from spacesctl.engine.transport.udp_port import BUFFER
from spacesctl.rtc import sealing

TIME_ERROR = 5
"""What `adjtimex` returns while the clock is not synchronised (Linux, <sys/timex.h>)."""
_TIMEX_BYTES = 512
"""Larger than `struct timex` on any platform. All zero, so that the call changes nothing."""
LITTLE_ROOM, NO_ROOM = 2 << 30, 200 << 20
"""Free bytes on the disk below which there is a warning, and a failure."""


def clock() -> Finding:
    """Whether the machine's clock is synchronised."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return warn("clock", "this system cannot say whether its clock is synchronised", "make sure that NTP runs")
    if state < 0:
        return warn(
            "clock",
            f"the kernel does not say whether the clock is synchronised ({os.strerror(ctypes.get_errno())})",
            "make sure that NTP runs",
        )
    if state == TIME_ERROR:
        todo = "run an NTP client (systemd-timesyncd, chrony): scheduled Spaces open by this clock"
        return warn("clock", "this machine's clock is not synchronised", todo)
    return ok("clock", "synchronised")


def udp_buffers() -> Finding:
    """Whether the kernel grants socket buffers of the size that the engine asks for."""
    granted = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name, option in (("net.core.rmem_max", socket.SO_RCVBUF), ("net.core.wmem_max", socket.SO_SNDBUF)):
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)
            granted[name] = sock.getsockopt(socket.SOL_SOCKET, option) // 2  # Linux reports twice the size
    small = {name: size for name, size in granted.items() if size < BUFFER}
    said = ", ".join(f"{name} allows {size >> 10} KiB" for name, size in granted.items())
    if small:
        todo = (
            "; ".join(f"sysctl -w {name}={BUFFER}" for name in small)
            + " (needed for more than a few hundred listeners)"
        )
        return warn("udp buffers", said, todo)
    return ok("udp buffers", said)


def packets() -> Finding:
    """Whether the C code that encrypts packets was compiled."""
    if sealing.COMPILED:
        return ok("packets", "encrypted by compiled code")
    return ok(
        "packets",
        "encrypted one at a time in Python; for more than a thousand listeners install gcc and libc6-dev, then spacesctl again",
    )


def disk(data: Path) -> Finding:
    """Whether the disk of the data folder has enough space."""
    place = next(path for path in (data.absolute(), *data.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    said = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < NO_ROOM:
        return fail("disk", said, "free some space: on a full disk the database cannot be written")
    if free < LITTLE_ROOM:
        return warn("disk", said, "free some space, or move the data folder")
    return ok("disk", said)


def data_folder(data: Path) -> Finding:
    """Whether the data folder can be used, and only by this user."""
    if not data.exists():
        return ok("data folder", f"{data} does not exist yet; the first start creates it")
    if not data.is_dir():
        return fail("data folder", f"{data} is not a folder", "choose another with the setting `data`")
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return fail("data folder", f"{data} cannot be written by this user", f"chown {os.getuid()} {data}")
    open_to = stat.S_IMODE(data.stat().st_mode) & 0o077
    if open_to:
        return warn("data folder", f"{data} is open to other users (mode +{open_to:03o})", f"chmod 700 {data}")
    return ok("data folder", f"{data}, accessible to this user only")
