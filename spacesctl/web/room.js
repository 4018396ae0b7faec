// What is known of a Space: read once, then kept up to date by its events. client/room_view.py and room_changes.py are the same in
// Python; one table of cases (tests/wire/room_cases.json) holds both together. A view is never changed: each event makes the next one.

const MOST_LINES = 200;
const REDACTED = "[redacted]";
const NUMBER = "[number]";
/** What changes somebody's place: the role, and the server's mute. */
const OF_A_PLACE = ["role.changed", "person.muted", "person.unmuted"];

/** The view as the API tells it. */
export function viewOf(space, members) {
  return {
    id: space.id,
    title: space.title,
    state: space.state,
    speakers: space.speakers,
    listeners: space.listeners,
    captions: space.captions,
    captions_behind: space.captions_status.behind,
    recording: space.recording?.kind ?? null,
    host_away: space.host_away,
    delay: delayOf(space),
    held_until: space.held_until,
    measures: Object.fromEntries(space.measures.map((one) => [one.action, one])),
    people: Object.fromEntries(members.data.map((one) => [one.id, personOf(one)])),
    hands: members.data.filter((one) => one.hand_raised).map((one) => one.id),
    pins: space.pinned.map((pin) => pin.id),
    own: null,
    participant_count: space.participant_count,
    anonymous: members.anonymous,
    lines: [],
    partial: {},
    chat: space.chat,
    chat_every: space.chat_every,
    messages: [],
    seq: 0,
    tick: space.tick ?? 0,
    stale: false,
  };
}

/** How far behind the stage the audience hears; null when it hears what is said now. */
function delayOf({ delay, delay_now, safe_in }) {
  if (delay_now === null || (!delay_now && !delay)) return null;
  return { now: delay_now, target: delay, safe_in: safe_in ?? 0, held: false };
}

/** The view with what the API tells anew; what was said and heard stays. */
export function reread(view, space, members) {
  const fresh = viewOf(space, members);
  for (const one of Object.values(fresh.people)) {
    const before = view.people[one.id];
    if (before) Object.assign(one, { level: before.level, active: before.active });
  }
  return { ...fresh, lines: view.lines, partial: view.partial, messages: view.messages, own: view.own, seq: view.seq };
}

/** The view after an event. One of a type that it does not know changes nothing but the number. */
export function after(view, event) {
  const changed = !isKnown(view, event) && Object.hasOwn(CHANGES, event.type) ? CHANGES[event.type](view, event.data, event.seq ?? null) : view;
  return { ...changed, seq: Math.max(changed.seq, event.seq ?? 0), tick: Math.max(changed.tick, event.tick ?? 0) };
}

/** Whether it is about one's own place, which was told before the audience heard of it. */
function isKnown({ own }, { type, seq, data }) {
  return own && seq && seq <= own.seq && OF_A_PLACE.includes(type) && data.account_id === own.account_id;
}

function personOf({ id, handle, name, kind, role, mic, muted, lane, connected }) {
  return { id, handle, name, kind, role, mic, muted, lane, connected, level: null, active: false };
}

/** The view with a person who changed. Of an account that is not known the API has to tell the rest. */
function withPerson(view, id, changes) {
  const before = view.people[id];
  const unknown = { id, handle: "", name: "", kind: "person", role: "listener", mic: "closed", muted: false };
  const person = { ...unknown, lane: null, connected: false, level: null, active: false, ...before, ...changes };
  return { ...view, people: { ...view.people, [id]: person }, stale: view.stale || before === undefined };
}

function over(view, state) {
  const quiet = Object.values(view.people).map((one) => [one.id, { ...one, lane: null, mic: "closed", active: false }]);
  const people = Object.fromEntries(quiet);
  const gone = { hands: [], partial: {}, recording: null, host_away: null, delay: null, held_until: null, measures: {} };
  return { ...view, ...gone, state, people, captions_behind: false };
}

const without = (object, key) => Object.fromEntries(Object.entries(object).filter(([one]) => one !== String(key)));

function lineOf({ lane, utterance, speaker, text, start_tick, typed = false }, number = null) {
  return { lane, utterance, speaker, text, start_tick, typed, number };
}

/** Where a caption that may still change is kept: typed speech is of no lane. */
const placeOf = ({ lane, typed, account_id }) => (typed ? `typed ${account_id}` : String(lane));

function partialCaption(view, data) {
  const others = without(view.partial, placeOf(data));
  return { ...view, partial: data.text ? { ...others, [placeOf(data)]: lineOf(data) } : others };
}

/** A text without the words of these runs, each `instead`. */
function maskedText(text, runs, instead) {
  const hidden = (at) => runs.some(([first, last]) => first <= at && at <= last);
  return text.split(" ").map((word, at) => (hidden(at) && word !== NUMBER ? instead : word)).join(" ");
}

/** Words that the audience does not read. Staff goes on to read them, but for numbers. */
function textMasked(view, { number, words, digits }) {
  const isStaff = digits !== undefined;
  const change = (one) => {
    if (one.number !== number) return one;
    const text = isStaff && !digits ? one.text : maskedText(one.text, words, isStaff ? NUMBER : REDACTED);
    return "masked" in one ? { ...one, text, masked: true } : { ...one, text };
  };
  return { ...view, lines: view.lines.map(change), messages: view.messages.map(change) };
}

/** A text that is not shown any more. Staff goes on to read it in the chat. */
function textErased(view, { number, by_id }) {
  const lines = view.lines.filter((one) => one.number !== number);
  const messages = view.messages.map((one) => (one.number === number ? { ...one, masked: true } : one));
  return { ...view, lines, messages: by_id !== undefined ? messages : messages.filter((one) => one.number !== number) };
}

function laneClosed(view, { account_id, lane }) {
  const gone = { ...view, partial: without(view.partial, lane) };
  if (view.people[account_id]?.lane !== lane) return gone;
  return withPerson(gone, account_id, { lane: null, mic: "closed", level: null, active: false });
}

function levels(view, data) {
  const heard = Object.fromEntries(data.levels.map((one) => [one.account_id, one]));
  const people = Object.values(view.people).map((one) => {
    const now = heard[one.id];
    return [one.id, { ...one, level: now?.db ?? null, active: now?.active ?? false }];
  });
  return { ...view, people: Object.fromEntries(people), tick: Math.max(view.tick, data.tick) };
}

function roleChanged(view, { account_id, role }) {
  return withPerson(view, account_id, role === "listener" ? { role, mic: "closed" } : { role });
}

function you(view, { account_id, role, muted, seq }) {
  const closed = muted || role === "listener" ? { mic: "closed" } : {};
  return { ...withPerson(view, account_id, { role, muted, ...closed }), own: { account_id, seq } };
}

function hostChanged(view, { account_id, before_id }) {
  const stepped = withPerson(view, before_id, { role: "cohost" });
  return { ...withPerson(stepped, account_id, { role: "host" }), host_away: null };
}

function handRaised(view, { account_id }) {
  const known = withPerson(view, account_id, {});
  return view.hands.includes(account_id) ? known : { ...known, hands: [...view.hands, account_id] };
}

function removed(view, { account_id }) {
  return { ...view, people: without(view.people, account_id), hands: view.hands.filter((one) => one !== account_id) };
}

const CHANGES = {
  "space.started": (view) => ({ ...view, state: "live" }),
  "space.ended": (view) => over(view, "ended"),
  "space.canceled": (view) => over(view, "canceled"),
  "space.missed": (view) => over(view, "canceled"),
  "space.edited": (view, { title, listeners }) => ({ ...view, title, listeners }),
  "policy.changed": (view, { speakers }) => ({ ...view, speakers }),
  "captions.status": (view, { behind }) => ({ ...view, captions_behind: behind }),
  "captions.switched": (view, { on }) => ({ ...view, captions: on }),
  "recording.started": (view, { recording }) => ({ ...view, recording: recording.kind }),
  "recording.stopped": (view) => ({ ...view, recording: null }),
  // It may replace an earlier one of the same thing, and what it shows is not in the event.
  "pin.added": (view, { pin }) => ({ ...view, pins: [pin.id, ...view.pins], stale: true }),
  "pin.removed": (view, { pin_id }) => ({ ...view, pins: view.pins.filter((one) => one !== pin_id) }),
  "role.changed": roleChanged,
  "hand.raised": handRaised,
  "hand.lowered": (view, { account_id }) => ({ ...view, hands: view.hands.filter((one) => one !== account_id) }),
  "host.changed": hostChanged,
  // Until when is told to staff only.
  "host.away": (view, { until }) => (until ? { ...view, host_away: { until, ends_at: null } } : view),
  "hold.began": (view, { until }) => ({ ...view, held_until: until }),
  "hold.ended": (view) => ({ ...view, held_until: null }),
  "measure.began": (view, { action, until, every }) =>
    ({ ...view, measures: { ...view.measures, [action]: { action, until, every: every ?? null } } }),
  "measure.ended": (view, { action }) => ({ ...view, measures: without(view.measures, action) }),
  delay: (view, data) => ({ ...view, delay: data.now || data.target ? data : null }),
  "host.back": (view) => ({ ...view, host_away: null }),
  "host.left": (view, { ends_at }) => ({ ...view, host_away: { until: ends_at, ends_at } }),
  "lane.opened": (view, { account_id, lane, mic_open }) =>
    withPerson(view, account_id, { lane, mic: mic_open ? "open" : "closed", connected: true }),
  "lane.closed": laneClosed,
  "mic.changed": (view, { account_id, open }) => withPerson(view, account_id, { mic: open ? "open" : "closed" }),
  "person.muted": (view, { account_id }) => withPerson(view, account_id, { muted: true, mic: "closed" }),
  "person.unmuted": (view, { account_id }) => withPerson(view, account_id, { muted: false }),
  "person.removed": removed,
  "person.erased": (view, { speaker }) => ({
    ...view,
    lines: view.lines.filter((line) => line.speaker !== speaker),
    messages: view.messages.filter((one) => one.speaker !== speaker),
    partial: Object.fromEntries(Object.entries(view.partial).filter(([, line]) => line.speaker !== speaker)),
  }),
  you,
  presence: (view, { participant_count }) => ({ ...view, participant_count }),
  levels,
  caption: (view, data, seq) => ({
    ...view,
    lines: [...view.lines, lineOf(data, seq)].slice(-MOST_LINES),
    partial: without(view.partial, placeOf(data)),
  }),
  "caption.partial": partialCaption,
  "chat.changed": (view, { chat, every }) => ({ ...view, chat, chat_every: every }),
  "chat.said": (view, { account_id, speaker, text }, number) =>
    ({ ...view, messages: [...view.messages, { number, account_id, speaker, text, masked: false }].slice(-MOST_LINES) }),
  "text.masked": textMasked,
  "text.erased": textErased,
  hello: (view, { seq, tick }) => ({ ...view, stale: view.stale || seq > view.seq, tick }),
  reset: (view, { seq }) => ({ ...view, stale: true, seq }),
};
