// What the Space is: its title, host, state, what goes for all, and what is shared in it.
import { place, root } from "./api.js";
import { seconds, t } from "./catalogue.js";
import { $, words } from "./dom.js";
import { showPins } from "./pins.js";

export function showSpace(space, view, seat) {
  const live = view.state === "live";
  const host = Object.values(view.people).find((one) => one.role === "host" && one.handle) ?? space.host;
  document.title = $("title").textContent = view.title;
  $("host").replaceChildren(t("hosted"), words("bdi", host.name), ` (${host.handle})`);
  $("state").textContent = stateText(space, view);
  $("state").classList.toggle("live", live);
  $("rec").hidden = !view.recording;
  const over = !live && view.state !== "scheduled";
  $("share").hidden = over;
  $("bots").hidden = over || !space.notice;
  $("stage-heading").textContent = t(live ? "stage.heading" : "stage.coming");
  $("bots").textContent = space.notice ?? "";
  $("count").textContent = live ? t("count", { count: view.participant_count }) : "";
  showDelay(space, view, seat);
  $("calendar").hidden = view.state !== "scheduled" || !space.scheduled_start || view.listeners !== "everyone";
  $("calendar").href = `${place}.ics`;
  $("blocked").hidden = space.blocked_speaking.length === 0;
  $("blocked").textContent = t("talking.blocked", { names: space.blocked_speaking.join(", ") });
  const pinned = space.pinned.filter((pin) => view.pins.includes(pin.id));
  $("shared").hidden = pinned.length === 0;
  showPins($("pins"), pinned, root);
}

/** How far behind the stage one hears, what goes for all, and whether the host is away. */
export function showDelay(space, view, seat) {
  const { delay, measures } = view;
  const parts = [];
  if (delay?.held) parts.push(t("delay.held"));
  else if (delay) parts.push(t(seat.onStage ? "delay.stage" : "delay.audience", { seconds: seconds(delay.now) }));
  if (measures.lock) parts.push(t("lock.on"));
  if (measures.slow) parts.push(t("slow.on", { seconds: seconds(measures.slow.every) }));
  if (view.held_until || measures.mute) parts.push(t("muted.all"));
  if (measures.demote) parts.push(t("stage.approval"));
  if (view.host_away) parts.push(t("host.away", { time: clock(view.host_away.until) }));
  $("delay").textContent = parts.join(" ");
}

/** What one hears jumps when one comes on stage or leaves it; null when it does not. */
export function jumpText(view, before, now) {
  if (!view.delay || before.onStage === now.onStage) return null;
  return now.onStage ? t("delay.promoted") : t("delay.left", { seconds: seconds(view.delay.now) });
}

function stateText(space, view) {
  if (view.state === "live") return t("state.live");
  if (view.state !== "scheduled") return t("state.ended");
  if (!space.scheduled_start) return t("state.scheduled");
  const start = new Date(space.scheduled_start).toLocaleString([], { dateStyle: "full", timeStyle: "short" });
  return t("state.starts", { time: start });
}

const clock = (time) => new Date(time).toLocaleTimeString([], { timeStyle: "short" });
