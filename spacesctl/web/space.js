// The public page of one Space: what it is, who speaks, Listen, live captions.
import { follow } from "./events.js";
import { showPins } from "./pins.js";
import { showReactions } from "./reactions.js";
import { listen, speak } from "./webrtc.js";

const spaceId = location.pathname.split("/").pop();
// Below whatever path the server is reached by.
const root = new URL("..", import.meta.url).pathname;
const api = `${root}v1/spaces/${spaceId}`;
const MOST_CAPTIONS = 200;
const $ = (id) => document.getElementById(id);
const state = { space: null, people: [], listening: null, speaking: null, token: null };
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

function showSpace() {
  const { space } = state;
  document.title = space.title;
  $("title").textContent = space.title;
  $("host").textContent = `hosted by ${space.host.name} (${space.host.handle})`;
  $("state").textContent = stateText(space);
  $("state").classList.toggle("live", space.state === "live");
  $("rec").hidden = $("agree-line").hidden = !space.recording;
  $("agree").required = Boolean(space.recording);
  $("listen").hidden = space.state !== "live";
  $("speak").hidden = space.state !== "live";
  $("notice").textContent = space.notice ?? "Nobody but the people here listens.";
  $("count").textContent = space.state === "live" ? `${space.participant_count} here` : "";
  $("calendar").hidden = space.state !== "scheduled" || !space.scheduled_start || space.listeners !== "everyone";
  $("calendar").href = `${api}.ics`;
  $("blocked").hidden = space.blocked_speaking.length === 0;
  $("blocked").textContent = `Someone you blocked is speaking: ${space.blocked_speaking.join(", ")}.`;
  $("shared").hidden = space.pinned.length === 0;
  showPins($("pins"), space.pinned, root);
  showCaptionStatus(space.captions_status);
}

function stateText(space) {
  if (space.state === "live") return "live";
  if (space.state !== "scheduled") return "ended";
  if (!space.scheduled_start) return "not started yet";
  const start = new Date(space.scheduled_start).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
  return `starts ${start}`;
}

function showCaptionStatus(status) {
  const why = state.space.captions ? `No captions: ${status.reason}.` : "Captions are off.";
  $("captions-note").textContent = status.ready ? (status.notice ?? "") : why;
}

function showPeople() {
  const stage = state.people.filter((person) => person.role !== "listener");
  $("stage").replaceChildren(
    ...stage.map((person) => {
      const card = document.createElement("li");
      card.dataset.account = person.id;
      card.append(text("span", person.name, "name"), text("span", `${person.handle} · ${roleText(person)}`, "role"));
      return card;
    }),
  );
}

function roleText(person) {
  const role = person.role === "cohost" ? "co-host" : person.role;
  return person.muted ? `${role}, muted` : role;
}

function showLevels(levels) {
  const talking = new Set(levels.filter((one) => one.active).map((one) => one.account_id));
  for (const card of $("stage").children) card.classList.toggle("talking", talking.has(card.dataset.account));
}

function showCaption(caption) {
  const line = document.createElement("li");
  line.append(text("span", caption.speaker, "who"), text("span", caption.text));
  const list = $("captions");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(line);
  while (list.children.length > MOST_CAPTIONS) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
  $("partial").textContent = "";
}

async function refresh() {
  state.space = await get(api);
  state.people = (await get(`${api}/people`)).data;
  showSpace();
  showPeople();
}

function onEvent(type, body) {
  switch (type) {
    case "caption":
      return showCaption(body.data);
    case "caption.partial":
      $("partial").textContent = `${body.data.speaker} ${body.data.text}`;
      return;
    case "captions.status":
      return showCaptionStatus(body.data);
    case "reactions":
      return showReactions($("reactions"), body.data.counts);
    case "levels":
      return showLevels(body.data.levels);
    case "presence":
      $("count").textContent = `${body.data.participant_count} here`;
      return;
    case "hello":
      return;
    case "recording.started":
      stopSpeaking("This Space is recorded now. Agree to it below, and open the microphone again.").catch(fail);
      return refresh().catch(fail);
    default:
      refresh().catch(fail);
  }
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
  rejoinWhenLost(state.listening, () => state.space.state === "live" && startListening().catch(fail));
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
    state.token = $("token").value.trim();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    state.speaking = await speak(spaceId, state.token, stream, $("agree").checked);
    if (state.listening) await stopListening();
    await startListening(); // again, as ourselves: everybody but our own voice, undelayed
    $("speak-button").textContent = "Close the microphone";
    await refresh();
  } catch (error) {
    fail(error);
  }
});

addEventListener("pagehide", () => {
  state.listening?.close();
  state.speaking?.close();
});

try {
  await refresh();
  const past = await get(`${api}/captions`);
  past.data.slice(-MOST_CAPTIONS).forEach(showCaption);
  follow(`${api}/events`, () => state.token, onEvent, (status) => fail({ status, message: "You are no longer here." }));
} catch (error) {
  fail(error);
}
