// Words beside voice: the chat of a Space, and speaking on the stage by typing.
import { ask, place } from "./api.js";
import { t } from "./catalogue.js";
import { $, busy, button, make, show, words } from "./dom.js";

/** Milliseconds between two tellings of what is typed: others see characters within half a second. */
const TELL_EVERY = 250;

export class Chat {
  #hooks;
  #timer = null;
  #told = "";

  /** `tell(text)`, `fail(error)`, and `me()`, one's own account id. */
  constructor(hooks) {
    this.#hooks = hooks;
    $("chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      busy($("chat-send"), () => this.#write(), hooks.fail);
    });
    $("typed-form").addEventListener("submit", (event) => {
      event.preventDefault();
      busy($("typed-send"), () => this.#say(), hooks.fail);
    });
    $("typed").addEventListener("input", () => (this.#timer ??= setTimeout(() => this.#typing(), TELL_EVERY)));
    $("chat-policy").addEventListener("change", ({ target }) => ask("PATCH", place, { chat: target.value }).catch(hooks.fail));
  }

  show(view, seat) {
    const live = view.state === "live";
    const on = view.chat !== "off";
    $("chat-place").hidden = !live || (!on && !seat.isStaff && !view.messages.length);
    $("chat-policy-line").hidden = !seat.isStaff;
    if (document.activeElement !== $("chat-policy")) $("chat-policy").value = view.chat;
    $("chat-note").textContent = on ? (view.chat_every ? t("chat.slow", { seconds: t("seconds", { count: view.chat_every }) }) : "") : t("chat.off");
    const mayWrite = on && seat.role !== "visitor" && (view.chat === "everyone" || seat.onStage) && !seat.muted;
    $("chat-form").hidden = !mayWrite;
    $("typed-form").hidden = !live || !seat.onStage || seat.muted;
    const list = $("chat");
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    show(list, view.messages.map((one) => this.#line(one, seat)));
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  #line({ number, account_id, speaker, text, masked }, seat) {
    const line = make("li", { data: { key: String(number) } }, make("span", { textContent: speaker, class: "who" }), words("span", text));
    if (masked && seat.isStaff) line.append(make("span", { textContent: ` ${t("chat.masked")}`, class: "quiet" }));
    if (seat.isStaff || account_id === this.#hooks.me()) {
      const erase = () => ask("DELETE", `${place}/chat/${number}`);
      line.append(" ", button(t("chat.erase"), erase, this.#hooks.fail, { class: "plain", data: { do: "erase" } }));
    }
    return line;
  }

  async #write() {
    const text = $("chat-text").value.trim();
    if (!text) return;
    await ask("POST", `${place}/chat`, { text });
    $("chat-text").value = "";
  }

  /** Tell what was typed so far, once for many characters. */
  async #typing() {
    const text = $("typed").value.trim();
    try {
      if (text !== this.#told) await ask("POST", `${place}/typed`, { text });
      this.#told = text;
    } catch (error) {
      if (!error.passes) this.#hooks.fail(error);
    } finally {
      this.#timer = null;
    }
  }

  async #say() {
    const text = $("typed").value.trim();
    if (!text) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    await ask("POST", `${place}/typed`, { text, final: true });
    $("typed").value = this.#told = "";
  }
}
