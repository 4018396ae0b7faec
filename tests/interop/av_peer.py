"""FFmpeg's WHIP muxer, as PyAV ships it: speaks a tone of 440 Hz. A program of its own, since FFmpeg waits in C.

python av_peer.py URL TOKEN CERTIFICATE KEY [FLAGS] [video], until its standard input is closed
"""

from __future__ import annotations

import sys
import threading
import time

import av
import numpy as np

RATE, FRAME, TONE = 48_000, 960, 440


def main(url: str, token: str, certificate: str, key: str, flags: str = "", video: str = "") -> None:
    """Speak until nobody wants to hear it any more, for two minutes at most; with `video` there is a picture, too."""
    told = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        told.set()

    threading.Thread(target=wait, daemon=True).start()
    options = {"authorization": token, "cert_file": certificate, "key_file": key}
    if flags:
        options["whip_flags"] = flags
    with av.open(url, "w", format="whip", options=options) as out:
        if video:
            camera = out.add_stream("libx264", rate=25, width=160, height=120, pix_fmt="yuv420p")
            camera.options = {"profile": "baseline", "bf": "0", "tune": "zerolatency"}
        stream = out.add_stream("libopus", rate=RATE, layout="stereo", bit_rate=64_000)
        began = time.monotonic()
        for at in range(0, 120 * RATE, FRAME):
            if told.is_set():
                break
            sound = np.rint(8_000 * np.sin(2 * np.pi * TONE * (at + np.arange(FRAME)) / RATE)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(np.repeat(sound, 2).reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate, frame.pts = RATE, at
            if video and at % (2 * FRAME) == 0:
                picture = av.VideoFrame(160, 120, "yuv420p")
                picture.pts = at // (2 * FRAME)
                for packet in camera.encode(picture):
                    out.mux(packet)
            for packet in stream.encode(frame):
                out.mux(packet)
            time.sleep(max(0.0, began + at / RATE - time.monotonic()))


if __name__ == "__main__":
    main(*sys.argv[1:])
