// WHIP (RFC 9725) and WHEP: one POST with an offer, one answer, DELETE to leave.
// No candidates are waited for or sent: the server learns where we are, or our relay is, from the first authenticated check.

const root = new URL("..", import.meta.url).pathname;

async function ask(path, token, options = {}) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { ...options, headers });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail || `the server answered ${answer.status}`);
}

/** The relays that the operator has for networks which let no UDP through; mostly none. Asked for each time: they expire. */
async function iceServers(space, token) {
  return (await (await ask(`${space}/ice-servers`, token)).json()).data;
}

async function negotiate(peer, url, token) {
  await peer.setLocalDescription(await peer.createOffer());
  const headers = { "Content-Type": "application/sdp" };
  const answer = await ask(url, token, { method: "POST", headers, body: peer.localDescription.sdp });
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return answer.headers.get("Location");
}

async function connect(spaceId, way, token, prepare) {
  const space = `${root}v1/spaces/${spaceId}`;
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: await iceServers(space, token) });
  try {
    prepare(peer);
    const location = await negotiate(peer, `${space}/${way}`, token);
    const close = async () => {
      peer.onconnectionstatechange = null;
      // Told first: the goodbye of a closed peer ends the session too, and a DELETE after it finds none.
      await fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});
      peer.close();
    };
    return { peer, close };
  } catch (error) {
    peer.close();
    throw error;
  }
}

/** Hear a Space. `onTrack` gets the one audio stream. */
export function listen(spaceId, token, onTrack) {
  return connect(spaceId, "whep", token, (peer) => {
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.ontrack = (event) => onTrack(event.streams[0] ?? new MediaStream([event.track]));
  });
}

/** Speak in a Space from a microphone's stream. `agreed`: to be recorded. */
export function speak(spaceId, token, stream, agreed) {
  return connect(spaceId, agreed ? "whip?consent=recording" : "whip", token, (peer) => {
    peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
  });
}
