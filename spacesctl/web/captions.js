// The captions of a Space: on or off, larger or smaller, and quiet for screen readers unless somebody asks.
import { t } from "./catalogue.js";
import { $, make, words } from "./dom.js";

const MOST = 200;
const SIZES = ["0.9rem", "1rem", "1.25rem", "1.6rem", "2rem"];
/** Pixels from the end at which somebody counts as reading the newest line. */
const AT_END = 40;

export class Captions {
  #size = 1;

  constructor() {
    $("captions-smaller").addEventListener("click", () => this.#resize(-1));
    $("captions-larger").addEventListener("click", () => this.#resize(1));
    $("captions-show").addEventListener("change", ({ target }) => ($("captions-body").hidden = !target.checked));
    $("captions-read").addEventListener("change", ({ target }) => {
      $("captions").setAttribute("aria-live", target.checked ? "polite" : "off");
    });
  }

  add(caption) {
    const line = make("li", { data: { speaker: caption.speaker } }, make("span", { textContent: caption.speaker, class: "who" }));
    if (caption.typed) line.append(" ", make("span", { textContent: t("typed.mark"), class: "quiet" }));
    line.append(" ", words("span", caption.text));
    if (caption.number) line.dataset.number = caption.number;
    const list = $("captions");
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < AT_END;
    list.append(line);
    while (list.children.length > MOST) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    $("partial").textContent = "";
  }

  partial({ speaker, text }) {
    $("partial").replaceChildren(`${speaker} `, words("bdi", text));
  }

  /** What was typed is not shown any more, or with other words. */
  change(number, line) {
    const shown = $("captions").querySelector(`[data-number="${Number(number)}"]`);
    if (shown && line) shown.lastChild.textContent = line.text;
    else shown?.remove();
  }

  /** What was said before. */
  past(captions) {
    $("captions").replaceChildren();
    captions.slice(-MOST).forEach((one) => this.add({ ...one, number: one.seq }));
  }

  /** What somebody said goes with them. */
  hide(speaker) {
    for (const line of [...$("captions").children]) if (line.dataset.speaker === speaker) line.remove();
    $("partial").textContent = "";
  }

  status(status, view) {
    const unheard = unheardText(status.unheard ?? [], view);
    const why = view.captions ? t("captions.why", { reason: status.reason }) : t("captions.off");
    const fine = status.ready && view.captions;
    const parts = fine ? [status.behind ? t("captions.behind") : "", status.notice ?? "", unheard] : [why, unheard];
    $("captions-note").textContent = parts.filter(Boolean).join(" ");
  }

  #resize(by) {
    this.#size = Math.max(0, Math.min(SIZES.length - 1, this.#size + by));
    $("captions").style.fontSize = SIZES[this.#size];
  }
}

/** Who is not recognised, for staff: the machine is too slow for all who talk. */
function unheardText(unheard, view) {
  const name = ({ account_id, unprotected }) => {
    const handle = view.people[account_id]?.handle || t("somebody");
    return unprotected ? t("unheard.unprotected", { name: handle }) : handle;
  };
  return unheard.length ? t("unheard", { names: unheard.map(name).join(", ") }) : "";
}
