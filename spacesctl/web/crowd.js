// Who is here: the stage, raised hands, and everybody else, with what one may do about each.
import { act, actsOn } from "./acts.js";
import { ask, place } from "./api.js";
import { t } from "./catalogue.js";
import { $, button, make, show, words } from "./dom.js";

const RANK = { host: 0, cohost: 1, speaker: 2, listener: 3 };
/** People that are listed at once; the search finds the others. */
const MOST = 100;

export class Crowd {
  #hooks;
  #last = null;

  /** `tell(text)` and `fail(error)`. */
  constructor(hooks) {
    this.#hooks = hooks;
    $("search").addEventListener("input", () => this.#last && this.#showPeople(...this.#last));
  }

  /** `notes` are what the raised hands are about, by account id: only staff know them. */
  show(view, seat, account, notes) {
    this.#last = [view, seat, account];
    const people = Object.values(view.people).filter((one) => one.handle);
    const stage = people.filter((one) => one.role !== "listener").sort(byRank);
    show($("stage"), stage.map((person) => this.#card(person, seat, account)));
    this.showTalking(view);
    this.#showHands(view, seat, notes);
    this.#showPeople(view, seat, account);
  }

  /** Mark who talks: in words too, for who cannot see the mark. */
  showTalking(view) {
    for (const card of $("stage").children) card.classList.toggle("talking", view.people[card.dataset.key]?.active ?? false);
    const names = Object.values(view.people).filter((one) => one.active && one.handle).map((one) => one.handle);
    const text = names.length ? t("talking.now", { names: names.sort().join(", ") }) : "";
    if ($("talking").textContent !== text) $("talking").textContent = text;
  }

  #card(person, seat, account) {
    const name = words("span", person.name, "name");
    const role = make("span", { textContent: `${person.handle} · ${roleText(person)}`, class: "role" });
    return make("li", { data: { key: person.id } }, name, role, ...this.#menu(person, seat, account));
  }

  #menu(person, seat, account) {
    const names = actsOn(person, seat, person.id === account?.id);
    if (!names.length) return [];
    const summary = make("summary", { textContent: "⋯" });
    summary.setAttribute("aria-label", `${person.handle}: …`);
    const menu = make("details", { class: "menu" }, summary);
    const done = async (name) => {
      menu.open = false;
      const told = await act(name, person);
      if (told) this.#hooks.tell(told);
    };
    menu.append(...names.map((name) => button(t(`act.${name}`), () => done(name), this.#hooks.fail, { data: { do: name } })));
    return [menu];
  }

  #showHands(view, seat, notes) {
    const hands = seat.isStaff ? view.hands.map((id) => view.people[id]).filter((one) => one?.handle) : [];
    $("hands-place").hidden = hands.length === 0;
    $("hands-count").textContent = t("a person asks to speak", { count: hands.length });
    show($("hands"), hands.map((person) => this.#hand(person, notes.get(person.id))));
  }

  #hand(person, about) {
    const answer = (what) => () => ask("POST", `${place}/requests/${person.id}/${what}`);
    const note = words("span", [about?.topic, about?.note].filter(Boolean).join(" – "), "quiet");
    return make(
      "li",
      { data: { key: person.id } },
      words("span", person.name, "name"),
      make("span", { textContent: person.handle, class: "role" }),
      note,
      button(t("act.approve"), answer("approve"), this.#hooks.fail, { class: "primary", data: { do: "approve" } }),
      button(t("act.deny"), answer("deny"), this.#hooks.fail, { data: { do: "deny" } }),
    );
  }

  #showPeople(view, seat, account) {
    const wanted = $("search").value.trim().toLowerCase();
    const fits = (one) => one.handle && `${one.handle} ${one.name}`.toLowerCase().includes(wanted);
    const people = Object.values(view.people).filter((one) => one.role === "listener" && fits(one)).sort(byRank);
    show($("people"), people.slice(0, MOST).map((person) => this.#card(person, seat, account)));
    $("anonymous").textContent = view.anonymous ? t("people.anonymous", { count: view.anonymous }) : "";
  }
}

function byRank(one, other) {
  return RANK[one.role] - RANK[other.role] || (one.handle < other.handle ? -1 : 1);
}

export function roleText(person) {
  const role = t(`role.${person.role}`);
  return person.muted ? t("role.muted", { role }) : role;
}
