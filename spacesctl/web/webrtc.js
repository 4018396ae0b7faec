// WHIP (RFC 9725) and WHEP: one POST with an offer, one answer, DELETE to leave.
// No candidates are waited for or sent: the server learns where we are, or our relay is, from the first authenticated check.
import { answerTo, get, place, typed } from "./api.js";

async function negotiate(peer, way) {
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await answerTo("POST", `${place}/${way}`, { body: peer.localDescription.sdp, type: "application/sdp" });
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return answer.headers.get("Location");
}

async function connect(way, prepare) {
  // The relays that the operator has for networks which let no UDP through; mostly none. Asked for each time: they expire.
  const iceServers = (await get(`${place}/ice-servers`)).data;
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers });
  try {
    prepare(peer);
    const location = await negotiate(peer, way);
    const headers = typed.get() ? { Authorization: `Bearer ${typed.get()}` } : {};
    const close = async () => {
      // Told first: the goodbye of a closed peer ends the session too, and a DELETE after it finds none.
      await fetch(location, { method: "DELETE", headers, keepalive: true }).catch(() => {});
      peer.close();
    };
    return { peer, close };
  } catch (error) {
    peer.close();
    throw error;
  }
}

/** Hear the Space. `onTrack` gets the one audio stream. */
export function listen(onTrack) {
  return connect("whep", (peer) => {
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.ontrack = (event) => onTrack(event.streams[0] ?? new MediaStream([event.track]));
  });
}

/** A seat on the stage with a closed microphone: whether one may speak is known before a microphone is opened. */
export const speak = () => connect("whip?mic=closed", (peer) => peer.addTransceiver("audio", { direction: "sendonly" }));
