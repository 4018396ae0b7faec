// How the connection is, for who wants to know or to tell somebody who helps.
import { $ } from "./dom.js";

const EACH = 2000;

/** Show it while it is open. `peers()` gives `{listening, speaking}`. */
export function reportOn(peers, { none, copied }) {
  let timer = 0;
  const write = async () => {
    const lines = [];
    for (const [name, peer] of Object.entries(peers())) if (peer) lines.push(...(await linesOf(name, peer)));
    $("report").textContent = lines.join("\n") || none;
  };
  $("connection").addEventListener("toggle", () => {
    clearInterval(timer);
    if (!$("connection").open) return;
    write();
    timer = setInterval(write, EACH);
  });
  $("copy-report").addEventListener("click", async () => {
    await navigator.clipboard?.writeText($("report").textContent);
    $("copy-report").textContent = copied;
  });
}

async function linesOf(name, peer) {
  const stats = [...(await peer.getStats()).values()];
  const of = (type) => stats.find((one) => one.type === type);
  const pair = stats.find((one) => one.type === "candidate-pair" && one.nominated) ?? of("candidate-pair");
  const ends = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => stats.find((one) => one.id === id));
  const told = ends.map((one) => (one ? `${one.candidateType} ${one.protocol}` : "?")).join(" – ");
  const rows = [[name, peer.connectionState], ["pair", told], ["round trip", milliseconds(pair?.currentRoundTripTime)]];
  const [heard, sent] = [of("inbound-rtp"), of("remote-inbound-rtp")];
  const part = heard ?? sent;
  if (part) {
    const all = (part.packetsReceived ?? 0) + (part.packetsLost ?? 0);
    rows.push(["lost", all ? `${((100 * (part.packetsLost ?? 0)) / all).toFixed(1)} %` : "–"]);
    rows.push(["jitter", milliseconds(part.jitter)]);
  }
  if (heard?.jitterBufferEmittedCount) rows.push(["buffer", milliseconds(heard.jitterBufferDelay / heard.jitterBufferEmittedCount)]);
  return rows.map(([what, value]) => `${what}: ${value}`);
}

const milliseconds = (seconds) => (seconds === undefined ? "–" : `${Math.round(1000 * seconds)} ms`);
