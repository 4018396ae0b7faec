// The public page of one Space: what it is, who speaks, Listen, live captions.
import { follow } from "./events.js";
import { showPins } from "./pins.js";
import { showReactions } from "./reactions.js";
import { after, reread, viewOf } from "./room.js";
import { listen, speak } from "./webrtc.js";
import { arrive, offerSeat } from "./who.js";

const spaceId = location.pathname.split("/").pop();
// Below whatever path the server is reached by.
const root = new URL("..", import.meta.url).pathname;
const api = `${root}v1/spaces/${spaceId}`;
const MOST_CAPTIONS = 200;
const $ = (id) => document.getElementById(id);
const state = { space: null, view: null, listening: null, speaking: null, token: null, account: null };
// Where somebody wants to look at or measure the connections: `window.space.listening.peer.getStats()`.
window.space = state;

async function get(path) {
  const answer = await fetch(path, { headers: state.token ? { Authorization: `Bearer ${state.token}` } : {} });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail), { status: answer.status });
  return body;
}

function text(tag, content, className) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (className) made.className = className;
  return made;
}

/** What others wrote: text alone, and a direction of its own, which turns nothing around it. */
function words(tag, content, className) {
  const made = text(tag, content, className);
  made.dir = "auto";
  return made;
}

function showSpace() {
  const { space, view } = state;
  const live = view.state === "live";
  document.title = $("title").textContent = view.title;
  const host = hostNow();
  $("host").replaceChildren("hosted by ", words("bdi", host.name), ` (${host.handle})`);
  $("state").textContent = stateText();
  $("state").classList.toggle("live", live);
  $("rec").hidden = $("agree-line").hidden = !view.recording;
  $("agree").required = Boolean(view.recording);
  $("listen").hidden = $("speak").hidden = !live;
  $("bots").hidden = !live || !space.notice;
  $("bots").textContent = space.notice ?? "";
  $("notice").textContent = space.notice ?? "Nobody but the people here listens.";
  $("count").textContent = live ? `${view.participant_count} here` : "";
  $("delay").textContent = delayText();
  $("calendar").hidden = view.state !== "scheduled" || !space.scheduled_start || view.listeners !== "everyone";
  $("calendar").href = `${api}.ics`;
  $("blocked").hidden = space.blocked_speaking.length === 0;
  $("blocked").textContent = `Someone you blocked is speaking: ${space.blocked_speaking.join(", ")}.`;
  const pinned = space.pinned.filter((pin) => view.pins.includes(pin.id));
  $("shared").hidden = pinned.length === 0;
  showPins($("pins"), pinned, root);
  showCaptionStatus(space.captions_status);
}

/** How far behind the stage one hears, and whether nobody new can speak. */
function delayText() {
  const { space, view } = state;
  const parts = [];
  const onStage = space.me && space.me.role !== "listener";
  if (view.delay?.held) parts.push("A pause: from here on you hear the stage later, so that words can be taken out before you hear them.");
  else if (view.delay && onStage) parts.push(`You hear the stage as it speaks; listeners hear it ${seconds(view.delay.now)} later.`);
  else if (view.delay) parts.push(`You hear this ${seconds(view.delay.now)} after it is said.`);
  const { lock, slow, mute, demote } = view.measures;
  if (lock) parts.push("This Space is locked: nobody new can join.");
  if (slow) parts.push(`One request to speak or reaction in ${seconds(slow.every)}.`);
  if (view.held_until || mute) parts.push("Who comes on stage is muted at the moment.");
  if (demote) parts.push("Everybody needs an approval to speak at the moment.");
  return parts.join(" ");
}

const seconds = (number) => `${Math.round(number * 10) / 10} s`;

/** What one hears jumps when one comes on stage or leaves it. */
function showJump(before, now) {
  const [was, is] = [before?.role ?? "listener", now?.role ?? "listener"];
  if (!state.view.delay || (was === "listener") === (is === "listener")) return;
  const back = `You left the stage: you hear the last ${seconds(state.view.delay.now)} again.`;
  $("message").textContent = is === "listener" ? back : "You are on stage: you hear what is said now.";
}

function hostNow() {
  return Object.values(state.view.people).find((one) => one.role === "host" && one.handle) ?? state.space.host;
}

function stateText() {
  const { space, view } = state;
  if (view.state === "live") return "live";
  if (view.state !== "scheduled") return "ended";
  if (!space.scheduled_start) return "not started yet";
  const start = new Date(space.scheduled_start).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
  return `starts ${start}`;
}

function showCaptionStatus(status) {
  const why = state.view.captions ? `No captions: ${status.reason}.` : "Captions are off.";
  const notes = [status.behind ? "Captions are behind." : "", status.notice ?? "", unheardText(status.unheard ?? [])];
  const unheard = status.unheard ? ` ${unheardText(status.unheard)}` : "";
  $("captions-note").textContent = status.ready && state.view.captions ? notes.filter(Boolean).join(" ") : why + unheard;
}

/** Who is not recognised, for staff: the machine is too slow for all who talk. */
function unheardText(unheard) {
  const name = ({ account_id, unprotected }) =>
    `${state.view.people[account_id]?.handle || "Somebody"}${unprotected ? " (rules redact nothing there)" : ""}`;
  return unheard.length ? `Not recognised, for want of time: ${unheard.map(name).join(", ")}.` : "";
}

const RANK = { host: 0, cohost: 1, speaker: 2 };

function showPeople() {
  const stage = Object.values(state.view.people).filter((person) => person.role !== "listener" && person.handle);
  stage.sort((one, other) => RANK[one.role] - RANK[other.role] || (one.handle < other.handle ? -1 : 1));
  $("stage").replaceChildren(
    ...stage.map((person) => {
      const card = document.createElement("li");
      card.dataset.account = person.id;
      card.classList.toggle("talking", person.active);
      card.append(words("span", person.name, "name"), text("span", `${person.handle} · ${roleText(person)}`, "role"));
      return card;
    }),
  );
}

function roleText(person) {
  const role = person.role === "cohost" ? "co-host" : person.role;
  return person.muted ? `${role}, muted` : role;
}

function showLevels() {
  for (const card of $("stage").children) {
    card.classList.toggle("talking", state.view.people[card.dataset.account]?.active ?? false);
  }
}

function showCaption(caption) {
  const line = document.createElement("li");
  line.dataset.speaker = caption.speaker;
  line.append(text("span", caption.speaker, "who"), words("span", caption.text));
  const list = $("captions");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(line);
  while (list.children.length > MOST_CAPTIONS) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
  $("partial").textContent = "";
}

/** What somebody said goes with them. */
function hideCaptions(speaker) {
  for (const line of [...$("captions").children]) if (line.dataset.speaker === speaker) line.remove();
  $("partial").textContent = "";
}

async function showPast() {
  const past = await get(`${api}/captions`);
  $("captions").replaceChildren();
  past.data.slice(-MOST_CAPTIONS).forEach(showCaption);
}

// Events that come while the Space is read: the answer may be older than they are.
let meanwhile = [];

async function refresh() {
  meanwhile = [];
  const [space, members] = [await get(api), await get(`${api}/people`)];
  const before = state.space?.me;
  const isFirst = state.view === null;
  state.space = space;
  const read = isFirst ? viewOf(space, members) : reread(state.view, space, members);
  state.view = meanwhile.reduce(after, read);
  if (!isFirst) showJump(before, space.me);
  showSpace();
  showPeople();
}

let reading = null;
let wanted = false;

/** Read what the view lacks: once for many events that come together. */
function readAgain() {
  wanted = true;
  reading ??= (async () => {
    while (wanted) {
      wanted = false;
      await refresh();
    }
  })()
    .catch(fail)
    .finally(() => {
      reading = null;
    });
  return reading;
}

function onEvent(type, body) {
  state.view = after(state.view, body);
  if (reading) meanwhile.push(body);
  if (state.view.stale) readAgain();
  switch (type) {
    case "caption":
      return showCaption(body.data);
    case "caption.partial":
      $("partial").replaceChildren(`${body.data.speaker} `, words("bdi", body.data.text));
      return;
    case "person.erased":
      return hideCaptions(body.data.speaker);
    case "person.restored":
      return showPast().catch(fail);
    case "captions.status":
      state.space.captions_status = body.data;
      return showCaptionStatus(body.data);
    case "reactions":
      return showReactions($("reactions"), body.data.counts);
    case "levels":
      return showLevels();
    case "delay":
      $("delay").textContent = delayText();
      return;
    case "presence":
      $("count").textContent = `${state.view.participant_count} here`;
      return;
    case "hello":
    case "reset":
      return;
    case "space.ended":
    case "space.canceled":
    case "space.missed":
      return readAgain(); // says what remains, or that nothing does
    case "recording.started":
      stopSpeaking("This Space is recorded now. Agree to it below, and open the microphone again.").catch(fail);
      readAgain();
      break;
    case "recording.stopped":
    case "space.edited":
    case "space.started":
    case "role.changed":
    case "you":
    case "captions.switched":
      readAgain(); // the notice to speakers and whom one has blocked are the server's to say
  }
  showSpace();
  showPeople();
}

function fail(error) {
  if (error.status === 410) return over("ended", "This Space has ended.");
  if (error.status === 404) return over("not found", "There is no such Space.");
  $("message").textContent = error.message;
}

/** Nothing goes on here, now or ever: only the words stay. */
function over(what, message) {
  $("state").textContent = what;
  $("state").classList.remove("live");
  for (const section of document.querySelectorAll("main > section:not(.controls)")) section.hidden = true;
  $("listen").hidden = $("speak").hidden = true;
  $("message").textContent = message;
  state.listening?.close();
  state.speaking?.close();
}

/** Join again by itself when the connection is lost: the server may have been restarted. */
function rejoinWhenLost(session, again) {
  session.peer.onconnectionstatechange = () => {
    if (["failed", "disconnected"].includes(session.peer.connectionState)) again();
  };
}

async function startListening() {
  state.listening = await listen(spaceId, state.token, (stream) => {
    $("audio").srcObject = stream;
  });
  rejoinWhenLost(state.listening, () => state.view.state === "live" && startListening().catch(fail));
  $("listen").textContent = "Stop listening";
  $("message").textContent = "";
}

async function stopListening() {
  await state.listening.close();
  state.listening = null;
  $("audio").srcObject = null;
  $("listen").textContent = "Listen";
}

async function stopSpeaking(why) {
  if (!state.speaking) return;
  await state.speaking.close();
  state.speaking = null;
  $("speak-button").textContent = "Open the microphone";
  $("message").textContent = why;
}

$("listen").addEventListener("click", () => (state.listening ? stopListening() : startListening()).catch(fail));

$("speak-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    if (state.speaking) return await stopSpeaking("");
    state.token = $("token").value.trim() || null;
    if (!state.account && !state.token) throw new Error("Sign in to speak.");
    if (!navigator.mediaDevices) throw new Error("Browsers give no microphone to a page that came over plain HTTP: open it by https://.");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    state.speaking = await speak(spaceId, state.token, stream, $("agree").checked);
    if (state.listening) await stopListening();
    await startListening(); // again, as ourselves: everybody but our own voice, undelayed
    $("speak-button").textContent = "Close the microphone";
    await readAgain();
  } catch (error) {
    fail(error);
  }
});

addEventListener("pagehide", () => {
  state.listening?.close();
  state.speaking?.close();
});

/** Who accepts is on stage; the microphone is opened by nobody but them. */
async function onAnswer(way) {
  $("message").textContent = way === "accept" ? "You are on stage. Open your microphone below when you want to speak." : "";
  if (way === "accept") $("speak").open = true;
  await readAgain();
}

try {
  state.account = await arrive(spaceId);
  await refresh();
  await showPast();
  if (state.account) await offerSeat(spaceId, onAnswer);
  const locked = "This Space is locked: nobody new can join. Load this page again once it is open.";
  const gone = "You are no longer here.";
  follow(`${api}/events`, () => state.token, onEvent, (status) => fail({ status, message: status === 409 ? locked : gone }));
} catch (error) {
  fail(error);
}
