// Server-Sent Events by fetch, because EventSource cannot send a token. It comes back by itself, from where it was.
import { Problem, place, typed } from "./api.js";
import { pauseAfter, wait } from "./pauses.js";

/** Without a beat for so long (milliseconds) a stream is dead: the server sends one every 2 s. */
const SILENT = 6000;

/** Follow the Space for as long as it may be followed. `view()` is `staff` or `audience`; `onEvent(type, body)`; `onConnected(is)` when that
 * changes; `onEnd(problem)` once, when the server refuses. Returns `again()`: follow it as who one is now. */
export function follow(hooks) {
  const stream = { watch: null, isAsked: false };
  keepFollowing(stream, hooks);
  return () => {
    stream.isAsked = true;
    stream.watch.abort();
  };
}

async function keepFollowing(stream, { view, onEvent, onConnected, onEnd }) {
  let last = null;
  let failed = 0;
  for (;;) {
    const asked = view();
    const watch = (stream.watch = new AbortController());
    let timer = setTimeout(() => watch.abort(), SILENT);
    const beat = () => {
      clearTimeout(timer);
      timer = setTimeout(() => watch.abort(), SILENT);
    };
    try {
      const answer = await fetch(`${place}/events?view=${asked}`, { headers: headersFrom(last), signal: watch.signal });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429 && asked === view()) {
        return onEnd(new Problem(answer.status, await answer.json().catch(() => ({}))));
      }
      if (answer.ok) {
        for await (const event of events(answer.body, beat)) {
          if (event.type === "hello") {
            failed = 0;
            onConnected(true);
          }
          if (event.id) last = event.id;
          onEvent(event.type, JSON.parse(event.data));
        }
      }
    } catch {
      // The network came and went: try again below.
    } finally {
      clearTimeout(timer);
    }
    if (stream.isAsked) {
      stream.isAsked = false;
      continue;
    }
    onConnected(false);
    await wait(pauseAfter(failed));
    failed += 1;
  }
}

function headersFrom(last) {
  const headers = { Accept: "text/event-stream" };
  if (typed.get()) headers.Authorization = `Bearer ${typed.get()}`;
  if (last !== null) headers["Last-Event-ID"] = last;
  return headers;
}

async function* events(body, beat) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    beat();
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = { type: "message", data: "" };
      for (const line of part.split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) event[line.slice(0, colon) === "event" ? "type" : line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (event.data) yield event;
    }
  }
}
