// Server-Sent Events by fetch: unlike EventSource it can carry a token, and it says why it failed.

/** Call `onEvent(type, body)` for each event, over reconnections; `onEnd(status)` when the Space is over or closed to us. */
export async function follow(url, token, onEvent, onEnd) {
  let last = null;
  for (;;) {
    try {
      const headers = { Accept: "text/event-stream" };
      if (token()) headers.Authorization = `Bearer ${token()}`;
      if (last !== null) headers["Last-Event-ID"] = last;
      const answer = await fetch(url, { headers });
      if (answer.status >= 400 && answer.status < 500) return onEnd(answer.status);
      for await (const event of events(answer.body)) {
        if (event.id) last = event.id;
        onEvent(event.type, JSON.parse(event.data));
      }
    } catch {
      // The network came and went: try again below.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
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
