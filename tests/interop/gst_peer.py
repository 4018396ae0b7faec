"""A GStreamer `webrtcbin` that speaks (WHIP) a 440 Hz tone or listens (WHEP) into a WAV file. Run by Debian's python3, which has `gi`.

/usr/bin/python3 gst_peer.py whip|whep URL [--token T] [--seconds S] [--out F.wav] [--turn turn://user:password@host:port] [--video-first]
"""

import argparse
import json
import sys
import urllib.request
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

CAPS = "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000"
TONE = f"audiotestsrc is-live=true wave=sine freq=440 volume=0.4 ! opusenc ! rtpopuspay pt=97 ! {CAPS} ! webrtc."
VIDEO = "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000"
PICTURE = (
    "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=5/1 ! vp8enc deadline=1 ! rtpvp8pay pt=96 ! "
    f"{VIDEO} ! webrtc. "
)
HEAR = "rtpopusdepay ! opusdec ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=1 ! wavenc ! filesink location="


class Peer:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.loop = GLib.MainLoop()
        self.location = None
        policy = f" turn-server={args.turn} ice-transport-policy=relay" if args.turn else ""
        head = f"webrtcbin name=webrtc bundle-policy=max-bundle{policy} "
        speak = (PICTURE if args.video_first else "") + TONE
        made = Gst.parse_launch(head + (speak if args.way == "whip" else ""))
        if isinstance(made, Gst.Pipeline):
            self.pipeline, self.webrtc = made, made.get_by_name("webrtc")
        else:  # one element alone is no pipeline yet
            self.pipeline, self.webrtc = Gst.Pipeline(), made
            self.pipeline.add(made)
        self.webrtc.connect("notify::ice-gathering-state", self.gathered)
        self.webrtc.connect("pad-added", self.on_pad)
        self.negotiating = False

    def run(self) -> None:
        self.pipeline.set_state(Gst.State.PLAYING)
        if self.args.way == "whep":
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            for caps in ([VIDEO] if self.args.video_first else []) + [CAPS]:
                self.webrtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        GLib.timeout_add(300, self.offer)
        GLib.timeout_add(int(self.args.seconds * 1000), self.end)
        self.loop.run()

    def offer(self) -> bool:
        self.webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered, None))
        return False

    def offered(self, promise: Any, _: Any) -> None:
        promise.wait()
        self.reply = promise.get_reply()  # it owns the description
        self.webrtc.emit("set-local-description", self.reply.get_value("offer"), Gst.Promise.new())

    def gathered(self, *_: Any) -> None:
        state = self.webrtc.get_property("ice-gathering-state")
        if state == GstWebRTC.WebRTCICEGatheringState.COMPLETE and not self.negotiating:
            self.negotiating = True
            GLib.idle_add(self.post)

    def post(self) -> bool:
        sdp = self.webrtc.get_property("local-description").sdp.as_text()
        headers = {"Content-Type": "application/sdp"}
        if self.args.token:
            headers["Authorization"] = f"Bearer {self.args.token}"
        request = urllib.request.Request(self.args.url, sdp.encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
            self.location = answer.headers["Location"]
        _, parsed = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, parsed)
        self.webrtc.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def on_pad(self, _: Any, pad: Any) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        hear = Gst.parse_bin_from_description(HEAR + self.args.out, True)
        self.pipeline.add(hear)
        hear.sync_state_with_parent()
        pad.link(hear.get_static_pad("sink"))

    def end(self) -> bool:
        state = self.webrtc.get_property("connection-state").value_nick
        self.pipeline.send_event(Gst.Event.new_eos())
        GLib.timeout_add(500, self.stop, state)
        return False

    def stop(self, state: str) -> bool:
        self.pipeline.set_state(Gst.State.NULL)
        json.dump({"location": self.location, "state": state}, sys.stdout)
        self.loop.quit()
        return False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["whip", "whep"])
    parser.add_argument("--video-first", action="store_true")
    parser.add_argument("url")
    parser.add_argument("--token")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--out", default="/dev/null")
    parser.add_argument("--turn")
    Gst.init(None)
    Peer(parser.parse_args()).run()


if __name__ == "__main__":
    main()
