// WHIP (RFC 9725) and WHEP: one POST with an offer, one answer, DELETE to leave.
// No candidates are gathered or sent: the server learns where we are from our first authenticated check.

const root = new URL("..", import.meta.url).pathname;

async function negotiate(peer, url, token) {
  await peer.setLocalDescription(await peer.createOffer());
  const headers = { "Content-Type": "application/sdp" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(url, { method: "POST", headers, body: peer.localDescription.sdp });
  if (answer.status !== 201) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail || `the server answered ${answer.status}`);
  }
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return answer.headers.get("Location");
}

async function connect(url, token, prepare) {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  try {
    prepare(peer);
    const location = await negotiate(peer, url, token);
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
  return connect(`${root}v1/spaces/${spaceId}/whep`, token, (peer) => {
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.ontrack = (event) => onTrack(event.streams[0] ?? new MediaStream([event.track]));
  });
}

/** Speak in a Space from a microphone's stream. `agreed`: to be recorded. */
export function speak(spaceId, token, stream, agreed) {
  const consent = agreed ? "?consent=recording" : "";
  return connect(`${root}v1/spaces/${spaceId}/whip${consent}`, token, (peer) => {
    peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly", streams: [stream] });
  });
}
