"""The machine: its clock, its UDP buffers, room on the disk, the data folder."""

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
"""`adjtimex` answers this while nobody keeps the kernel's clock in step (Linux, <sys/timex.h>)."""
_TIMEX_BYTES = 512
"""More than a `struct timex` has on any platform; all zero, so that it only asks."""
LITTLE_ROOM, NO_ROOM = 2 << 30, 200 << 20
"""Bytes free on the disk below which one should, and must, do something."""


def clock() -> Finding:
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return warn("clock", "this system cannot say whether its clock is kept in step", "see that NTP runs")
    if state < 0:
        return warn("clock", f"the kernel does not say ({os.strerror(ctypes.get_errno())})", "see that NTP runs")
    if state == TIME_ERROR:
        todo = "run an NTP client (systemd-timesyncd, chrony): schedules open by this clock"
        return warn("clock", "nothing keeps this machine's clock in step", todo)
    return ok("clock", "kept in step")


def udp_buffers() -> Finding:
    granted = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name, option in (("net.core.rmem_max", socket.SO_RCVBUF), ("net.core.wmem_max", socket.SO_SNDBUF)):
            sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)
            granted[name] = sock.getsockopt(socket.SOL_SOCKET, option) // 2  # Linux tells twice what it gives
    small = {name: size for name, size in granted.items() if size < BUFFER}
    said = ", ".join(f"{name} gives {size >> 10} KiB" for name, size in granted.items())
    if small:
        todo = "; ".join(f"sysctl -w {name}={BUFFER}" for name in small) + " (matters above some hundred listeners)"
        return warn("udp buffers", said, todo)
    return ok("udp buffers", said)


def packets() -> Finding:
    if sealing.COMPILED:
        return ok("packets", "sealed by compiled code")
    return ok(
        "packets", "sealed one at a time: above a thousand listeners install gcc and libc6-dev, and spacesctl again"
    )


def disk(data: Path) -> Finding:
    place = next(path for path in (data.absolute(), *data.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    said = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < NO_ROOM:
        return fail("disk", said, "make room: the database cannot be written when it is full")
    if free < LITTLE_ROOM:
        return warn("disk", said, "make room, or move the data folder")
    return ok("disk", said)


def data_folder(data: Path) -> Finding:
    if not data.exists():
        return ok("data folder", f"{data} is not there yet; the first start makes it")
    if not data.is_dir():
        return fail("data folder", f"{data} is no folder", "name another with `data`")
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        return fail("data folder", f"{data} cannot be written by this user", f"chown {os.getuid()} {data}")
    open_to = stat.S_IMODE(data.stat().st_mode) & 0o077
    if open_to:
        return warn("data folder", f"{data} can be entered by others (mode +{open_to:03o})", f"chmod 700 {data}")
    return ok("data folder", f"{data}, for this user alone")
