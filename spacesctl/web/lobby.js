// Before a Space begins: how long it is until then, and a reminder for who wants one.
import { ask, place } from "./api.js";
import { t, unit } from "./catalogue.js";
import { $, busy } from "./dom.js";

const SECOND = 1000;
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3600 * SECOND, 86_400 * SECOND];

/** How long it is, in the two largest parts: `2 days 3 hours`, `4 minutes 10 seconds`. */
export function span(milliseconds) {
  const left = Math.max(0, Math.ceil(milliseconds / SECOND) * SECOND);
  const parts = [["day", Math.floor(left / DAY)], ["hour", Math.floor((left % DAY) / HOUR)], ["minute", Math.floor((left % HOUR) / MINUTE)], ["second", Math.floor((left % MINUTE) / SECOND)]]; // prettier-ignore
  const first = Math.max(0, parts.findIndex(([, count]) => count > 0));
  const shown = left === 0 ? parts.slice(3) : parts.slice(first, first + 2).filter(([, count]) => count > 0);
  return shown.map(([name, count]) => unit(count, name)).join(" ");
}

export class Lobby {
  #start = null;
  #timer = 0;

  /** `tell(text)`, `fail(error)`. */
  constructor({ tell, fail }) {
    const set = (method, said, is) => async () => {
      await ask(method, `${place}/reminder`);
      tell(t(said));
      $("remind").hidden = is;
      $("remind-not").hidden = !is;
    };
    $("remind").addEventListener("click", () => busy($("remind"), set("PUT", "lobby.reminded", true), fail));
    $("remind-not").addEventListener("click", () => busy($("remind-not"), set("DELETE", "lobby.not", false), fail));
  }

  show(space, view, seat) {
    const waits = view.state === "scheduled";
    $("lobby").hidden = !waits;
    $("remind").hidden = !waits || !space.scheduled_start || seat.role === "visitor" || seat.isHost || !$("remind-not").hidden;
    this.#start = waits && space.scheduled_start ? new Date(space.scheduled_start) : null;
    clearInterval(this.#timer);
    if (this.#start) this.#timer = setInterval(() => this.#count(), SECOND);
    this.#count();
  }

  #count() {
    const left = this.#start === null ? null : this.#start - Date.now();
    const text = left === null ? "" : left > 0 ? t("lobby.in", { time: span(left) }) : t("lobby.now");
    if ($("countdown").textContent !== text) $("countdown").textContent = text;
  }
}
