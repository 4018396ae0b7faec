// The page of one Space. One state, from the server: what it answers and what its events change; everything shown follows from that.
import { Problem, get, place, typed, whoAmI } from "./api.js";
import { showAfterwards } from "./afterwards.js";
import { Captions } from "./captions.js";
import { fill, t } from "./catalogue.js";
import { Chat } from "./chat.js";
import { Crowd } from "./crowd.js";
import { Desk } from "./desk.js";
import { $, busy } from "./dom.js";
import { follow } from "./events.js";
import { jumpText, showDelay, showSpace } from "./header.js";
import { Hearing } from "./hearing.js";
import { Lobby } from "./lobby.js";
import { NoMicrophone } from "./microphone.js";
import { Panel } from "./panel.js";
import { Playing } from "./playing.js";
import { showReactions } from "./reactions.js";
import { reportOn } from "./report.js";
import { after, reread, viewOf } from "./room.js";
import { because, seatOf, seatText } from "./seat.js";
import { Voice } from "./voice.js";
import { arrive, showTyped } from "./who.js";

const state = { space: null, view: null, account: null, why: null, notes: new Map(), isOver: false, wasOnStage: false, followed: "audience" };
let followAgain = null;
const captions = new Captions();
const tell = (text) => ($("message").textContent = text);
const crowd = new Crowd({ tell, fail });
const chat = new Chat({ tell, fail, me: () => state.account?.id });
const desk = new Desk({ tell, fail, refresh: readAgain });
const hearing = new Hearing({ onState: connectionChanged, onRefused: refused, onNote: tell });
const voice = new Voice(() => state.account?.id, { onState: connectionChanged, onRefused: voiceRefused, onChange: showAll });
const panel = new Panel(voice, { tell, fail, me: () => state.account.id, refresh: readAgain, listen: () => hearing.isOn || hearing.start().then(showAll) });
const lobby = new Lobby({ tell, fail });
const playing = new Playing({ listen: () => hearing.start().then(showAll, fail), stop: () => hearing.stop().then(showAll) });
// Where somebody wants to look at or measure the connections: `window.space.listening.peer.getStats()`.
window.space = { listening: hearing, speaking: voice, get view() { return state.view; } }; // prettier-ignore

const seat = () => seatOf(state.view, state.space.me, state.account);

function showAll() {
  if (!state.view || state.isOver) return;
  const now = seat();
  const live = state.view.state === "live";
  showSpace(state.space, state.view, now);
  $("place").textContent = live ? seatText(now, state.why) : "";
  $("listen").hidden = $("volume-line").hidden = !live;
  $("listen").textContent = t(hearing.isOn ? "listen.stop" : "listen");
  $("people-place").hidden = !live || now.role === "visitor";
  $("speak").hidden = !live || state.account !== null;
  $("notice").textContent = state.space.notice ?? t("notice");
  crowd.show(state.view, now, state.account, state.notes);
  desk.show(state.space, state.view, now);
  panel.show(state.space, state.view, now);
  chat.show(state.view, now);
  lobby.show(state.space, state.view, now);
  playing.show(state.view.title, state.space.host.name, hearing.isOn || voice.isOpen);
  captions.status(state.space.captions_status, state.view);
  obey(now);
  const view = viewNow();
  if (view !== state.followed) {
    state.followed = view;
    followAgain?.();
  }
}

/** Staff are told more, and sooner than a delayed audience. */
const viewNow = () => (seat().isStaff ? "staff" : "audience");

/** What the server does not allow any longer is not captured either. Who is about to take a seat is not on stage yet. */
function obey(now) {
  if (state.wasOnStage && !now.onStage) voice.end();
  else if (now.muted) voice.silence();
  state.wasOnStage = now.onStage;
}

// -- reading

// Events that come while the Space is read: the answer may be older than they are.
let meanwhile = [];

async function refresh() {
  meanwhile = [];
  const [space, members] = [await get(place), await get(`${place}/people`)];
  const before = state.view && seat();
  state.space = space;
  const read = state.view === null ? viewOf(space, members) : reread(state.view, space, members);
  state.view = meanwhile.reduce(after, read);
  if (space.me && !state.account) state.account = await whoAmI();
  if (seat().isStaff && state.view.hands.length) await readNotes();
  const jump = before && jumpText(state.view, before, seat());
  if (jump) tell(jump);
  showAll();
}

/** What the raised hands are about. */
async function readNotes() {
  const requests = await get(`${place}/requests`);
  state.notes = new Map(requests.data.map((one) => [one.id, one]));
}

/** Who did what to us, and why. */
async function readWhy() {
  const sanctions = await get("accounts/me/sanctions");
  state.why = sanctions.data.find((one) => one.space_id === state.space.id && !one.lifted_at) ?? null;
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

// -- what happens

/** Events after which the server has more to say than they do: notices, blocks, notes, what remains. */
const ASK_AGAIN = [
  "space.started", "space.ended", "space.canceled", "space.missed", "space.edited", "recording.started", "recording.stopped",
  "role.changed", "captions.switched", "hand.raised", "rules.set",
]; // prettier-ignore

const QUIET = {
  caption: ({ data, seq }) => captions.add({ ...data, number: seq }),
  "caption.partial": ({ data }) => captions.partial(data),
  "captions.status": ({ data }) => {
    state.space.captions_status = data;
    captions.status(data, state.view);
  },
  reactions: ({ data }) => showReactions($("reactions"), data.counts),
  levels: () => crowd.showTalking(state.view),
  delay: () => {
    showDelay(state.space, state.view, seat());
    desk.show(state.space, state.view, seat());
  },
  presence: () => ($("count").textContent = t("count", { count: state.view.participant_count })),
  hello: () => {},
  reset: () => {},
};

function onEvent(type, body) {
  if (state.isOver) return;
  state.view = after(state.view, body);
  if (reading) meanwhile.push(body);
  if (state.view.stale || ASK_AGAIN.includes(type)) readAgain();
  if (Object.hasOwn(QUIET, type)) return QUIET[type](body);
  aboutMe(type, body.data);
  if (type === "person.erased") captions.hide(body.data.speaker);
  if (type === "person.restored") showPast().catch(fail);
  if (["text.masked", "text.erased"].includes(type)) {
    captions.change(body.data.number, state.view.lines.find((one) => one.number === body.data.number));
  }
  if (type === "recording.started" && voice.isOpen && !seat().isHost) voice.mute().then(() => tell(t("recording.agree")));
  showAll();
}

/** What happens to oneself is said plainly. */
function aboutMe(type, data) {
  if (data.account_id !== state.account?.id) return;
  if (type === "you") {
    Object.assign(state.space.me, { hand: data.hand, invite: data.invite, barred: false });
    if (data.hand_ended === "denied") tell(t("hand.denied"));
    readAgain();
  }
  if (type === "person.unmuted") tell(t("asked to unmute"));
  if (["person.muted", "role.changed", "you"].includes(type)) readWhy().then(showAll, fail);
}

async function showPast() {
  captions.past((await get(`${place}/captions`)).data);
  const written = (await get(`${place}/chat?view=${viewNow()}`)).data;
  const messages = written.map(({ seq, account_id, speaker, text, erased }) => ({ number: seq, account_id, speaker, text, masked: erased }));
  const known = new Set(messages.map((one) => one.number));
  state.view = { ...state.view, messages: [...messages, ...state.view.messages.filter((one) => !known.has(one.number))] };
  showAll();
}

// -- what goes wrong

function fail(error) {
  if (error instanceof NoMicrophone) return tell(t(error.key));
  if (error.status === 410) return over(t("state.ended"), t("gone.ended"));
  if (error.status === 404 && !state.view) return over(t("state.none"), t("gone.nothing"));
  if (error.status === 401) {
    typed.forget();
    state.account = null;
    return tell(t("error.token"));
  }
  tell(error.message);
}

/** The server refuses what was wanted: here, or for good. */
function refused(problem) {
  if (problem) fail(problem);
  showAll();
}

function voiceRefused(problem) {
  if (problem) return refused(problem);
  tell(t("gone.elsewhere"));
  showAll();
}

function connectionChanged(now) {
  if (now === "lost") tell(t("connection.lost"));
  if (now === "on" && $("message").textContent === t("connection.lost")) tell(t("connection.back"));
}

/** Nothing goes on here, now or ever: only the words stay. */
function over(what, message) {
  state.isOver = true;
  $("state").textContent = what;
  $("state").classList.remove("live");
  for (const section of document.querySelectorAll("main > section:not(.controls), main > details, .controls > :not(#message)")) section.hidden = true;
  tell(message);
  hearing.stop();
  voice.end();
  playing.show("", "", false);
}

/** It is over, and its host reads what it was. */
async function afterwards() {
  over(t("state.ended"), t(state.view.state === "canceled" ? "gone.canceled" : "gone.ended"));
  await showAfterwards(state.space, state.view.people, { tell, fail });
}

const isOver = () => ["ended", "canceled"].includes(state.view.state);

/** The event stream is refused: one is no longer here. */
async function onEnd(problem) {
  if (problem.status === 410 && state.account && seat().isHost) return refresh().then(afterwards).catch(fail);
  if (problem.status === 404 || problem.status === 410) return fail(problem);
  const locked = problem.status === 409 && problem.reason === "locked";
  if (locked || !state.account) return over(t("state.ended"), t(locked ? "gone.locked" : "gone.removed"));
  await readWhy().catch(() => {});
  const kicked = ["kick", "block"].includes(state.why?.action);
  over(t("state.ended"), kicked ? because("gone.kicked", state.why) : problem.message || t("gone.removed"));
}

function onConnected(is) {
  document.body.classList.toggle("cut-off", !is);
  if (!is) return connectionChanged("lost");
  connectionChanged("on");
  hearing.nudge();
  voice.nudge().catch(() => {});
}

// -- what one does

$("listen").addEventListener("click", () =>
  busy($("listen"), () => (hearing.isOn ? hearing.stop() : hearing.start()).then(() => tell("")), fail).then(showAll),
);

$("share").addEventListener("click", async () => {
  const link = { title: state.view.title, url: location.href };
  if (navigator.share) return navigator.share(link).catch(() => {});
  await navigator.clipboard?.writeText(link.url);
  tell(t("share.copied"));
});

$("speak-form").addEventListener("submit", (event) => {
  event.preventDefault();
  busy($("speak-button"), signIn, fail);
});

async function signIn() {
  typed.set($("token").value.trim());
  $("token").value = "";
  state.account = await whoAmI();
  showTyped(state.account);
  await readAgain();
  followAgain();
  await hearing.again();
}

addEventListener("pagehide", () => {
  hearing.stop();
  voice.end();
});

fill(document);
reportOn(() => ({ listening: hearing.peer, speaking: voice.peer }), { none: t("connection.none"), copied: t("connection.copied") });
try {
  state.account = await arrive();
  await refresh();
  if (isOver()) await afterwards();
  else await showPast();
  if (!state.isOver) followAgain = follow({ view: viewNow, onEvent, onConnected, onEnd });
} catch (error) {
  fail(error instanceof Problem ? error : new Problem(0, { detail: String(error) }));
}
