// What a host or co-host does with the whole Space.
import { ask, place } from "./api.js";
import { seconds, t } from "./catalogue.js";
import { question } from "./dialogs.js";
import { $, busy } from "./dom.js";

const SLOW_EVERY = 30;

export class Desk {
  #hooks;
  #view = null;

  /** `tell(text)` and `fail(error)`. */
  constructor(hooks) {
    this.#hooks = hooks;
    this.#on("start-space", () => ask("POST", `${place}/start`));
    this.#on("end-space", async () => {
      if (await question(t("desk.end"), t("desk.end.what"), [], t("desk.end"))) await ask("POST", `${place}/end`);
    });
    this.#on("mute-all", () => ask("PUT", `${place}/measures/mute`, {}));
    this.#on("dump", async () => {
      await ask("POST", `${place}/dump`, {});
      hooks.tell(t("desk.dump.done"));
    });
    this.#on("hold", () => this.#hold());
    this.#on("record", () => this.#record());
    this.#on("invite-form", () => this.#invite(), "submit");
    this.#on("policy", ({ value }) => ask("PATCH", place, { speakers: value }), "change");
    this.#on("delay-choice", ({ value }) => ask("PATCH", place, { delay: Number(value) }), "change");
    this.#on("captions-on", ({ checked }) => ask("PATCH", place, { captions: checked }), "change");
    this.#on("lock", ({ checked }) => this.#measure("lock", checked, {}), "change");
    this.#on("slow", ({ checked }) => this.#measure("slow", checked, { every: SLOW_EVERY }), "change");
  }

  show(space, view, seat) {
    this.#view = view;
    const live = view.state === "live";
    $("desk").hidden = !seat.isStaff || !["live", "scheduled"].includes(view.state);
    if ($("desk").hidden) return;
    $("start-space").hidden = live || !seat.isHost;
    for (const one of document.querySelectorAll("#desk .live-only")) one.hidden = !live;
    for (const one of document.querySelectorAll("#desk .host-only")) one.hidden = !seat.isHost || (one.matches(".live-only") && !live);
    $("hold").textContent = t(view.held_until ? "desk.hold.end" : "desk.hold");
    $("record").textContent = t(view.recording ? "desk.record.stop" : "desk.record");
    $("dump").hidden = !live || !view.delay;
    set("policy", "value", view.speakers);
    set("delay-choice", "value", String(Math.round(view.delay?.target ?? space.delay ?? 0)));
    set("captions-on", "checked", view.captions);
    set("lock", "checked", Boolean(view.measures.lock));
    set("slow", "checked", Boolean(view.measures.slow));
    $("safe-in").textContent = view.delay?.safe_in ? t("delay.safe", { seconds: seconds(view.delay.safe_in) }) : "";
  }

  #on(id, work, event = "click") {
    $(id).addEventListener(event, (happened) => {
      if (event === "submit") happened.preventDefault();
      // What the server did not do is not shown as done.
      const fail = (error) => (this.#hooks.fail(error), this.#hooks.refresh());
      busy($(id), () => work($(id)), fail);
    });
  }

  #measure(action, on, terms) {
    return on ? ask("PUT", `${place}/measures/${action}`, terms) : ask("DELETE", `${place}/measures/${action}`);
  }

  async #hold() {
    if (this.#view.held_until) return ask("DELETE", `${place}/panic`);
    if (await question(t("desk.hold"), t("desk.hold.what"), [], t("desk.hold"))) await ask("POST", `${place}/panic`, {});
  }

  async #record() {
    if (this.#view.recording) return ask("DELETE", `${place}/recording`);
    if (await question(t("desk.record"), t("desk.record.what"), [], t("desk.record"))) await ask("POST", `${place}/recording`, {});
  }

  async #invite() {
    const handle = $("invite-handle").value.trim();
    if (!handle) return;
    await ask("POST", `${place}/invites`, { handles: [handle.startsWith("@") ? handle : `@${handle}`] });
    $("invite-handle").value = "";
    this.#hooks.tell(`${t("desk.invite")}: ${handle}`);
  }
}

/** Show what is true, but not while somebody is at it. */
function set(id, field, value) {
  const one = $(id);
  if (one.disabled || (document.activeElement === one && field === "value")) return;
  one[field] = value;
}
