// One's own part: listen, react, ask to speak, speak. Buttons show what is true, and offer what the server would allow.
import { ask, place } from "./api.js";
import { t } from "./catalogue.js";
import { question } from "./dialogs.js";
import { $, busy, make } from "./dom.js";
import { Microphone } from "./microphone.js";
import { EMOJI } from "./reactions.js";

const LEVEL_EACH = 100;

export class Panel {
  #hooks;
  #voice;
  #meter = 0;

  /** `voice` of the stage; `fail`, `tell`, `me()` is one's account id, `refresh()` reads one's place anew, and `listen()` begins to, since who speaks hears. */
  constructor(voice, hooks) {
    this.#voice = voice;
    this.#hooks = hooks;
    this.#on("mic", () => this.#switch());
    this.#on("hand", () => this.#hand());
    this.#on("leave-stage", () => voice.end().then(() => ask("POST", `${place}/people/${hooks.me()}/demote`, {})));
    this.#on("cough", () => ask("POST", `${place}/cough`, {}).then(() => hooks.tell(t("mic.cough.done"))));
    this.#on("accept", () => ask("POST", `${place}/accept`).then(hooks.refresh));
    this.#on("decline", () => ask("POST", `${place}/decline`).then(hooks.refresh));
    $("volume").addEventListener("input", ({ target }) => ($("audio").volume = Number(target.value)));
    $("push").addEventListener("change", ({ target }) => {
      voice.pushes = target.checked;
      voice.pressed = false;
    });
    $("device").addEventListener("change", ({ target }) => this.#reopen(() => (voice.microphone.device = target.value)));
    $("noise").addEventListener("change", ({ target }) => this.#reopen(() => (voice.microphone.suppressesNoise = target.checked)));
    this.#pushToTalk();
    for (const [name, emoji] of Object.entries(EMOJI)) this.#reaction(name, emoji);
  }

  show(space, view, seat) {
    const live = view.state === "live";
    const isOpen = this.#voice.isHeard;
    $("mic").hidden = !live || !seat.onStage;
    $("mic").disabled = seat.muted && !isOpen;
    $("mic").textContent = t(isOpen ? "mic.close" : "mic.open");
    $("mic").setAttribute("aria-pressed", String(isOpen));
    $("agree-line").hidden = !view.recording || $("mic").hidden || seat.isHost;
    $("hand").hidden = !live || seat.role !== "listener";
    $("hand").textContent = t(seat.hand ? "hand.lower" : "hand.raise");
    $("hand").dataset.up = seat.hand ? "1" : "";
    $("leave-stage").hidden = !live || !seat.onStage || seat.isHost;
    $("cough").hidden = !isOpen || !view.delay;
    $("invitation").hidden = !seat.invited;
    $("react").hidden = !live || seat.role === "visitor";
    $("mic-settings").hidden = $("mic").hidden;
    $("voice-notice").textContent = space.notice ?? t("notice");
    this.#showLevel(isOpen);
  }

  #on(id, work) {
    $(id).addEventListener("click", () => busy($(id), work, this.#hooks.fail));
  }

  async #switch() {
    if (this.#voice.isOpen) return this.#voice.mute();
    await this.#voice.open($("agree").checked);
    await this.#hooks.listen();
    await this.#showDevices();
  }

  async #hand() {
    if ($("hand").dataset.up) await ask("DELETE", `${place}/requests/me`);
    else {
      const fields = [
        { name: "topic", label: t("hand.topic"), most: 50 },
        { name: "note", label: t("hand.note"), kind: "long" },
      ];
      const given = await question(t("hand.raise"), "", fields, t("hand.raise"));
      if (given) await ask("POST", `${place}/requests`, given);
    }
    await this.#hooks.refresh();
  }

  async #reopen(change) {
    change();
    if (!this.#voice.isOpen) return;
    try {
      this.#voice.microphone.close();
      await this.#voice.open($("agree").checked);
    } catch (error) {
      this.#hooks.fail(error);
    }
  }

  async #showDevices() {
    const found = await Microphone.devices();
    $("device-line").hidden = found.length < 2;
    $("device").replaceChildren(...found.map(({ id, label }) => make("option", { value: id, textContent: label })));
    if (this.#voice.microphone.device) $("device").value = this.#voice.microphone.device;
  }

  #showLevel(isOpen) {
    if (isOpen === Boolean(this.#meter)) return;
    clearInterval(this.#meter);
    this.#meter = isOpen ? setInterval(() => ($("level").value = this.#voice.microphone.level()), LEVEL_EACH) : 0;
    if (!isOpen) $("level").value = 0;
  }

  /** The space bar, but not where it means something else. */
  #pushToTalk() {
    const counts = (event) => event.code === "Space" && this.#voice.pushes && !event.target.closest("input, textarea, select, button, summary");
    addEventListener("keydown", (event) => {
      if (!counts(event)) return;
      event.preventDefault();
      this.#voice.pressed = true;
    });
    addEventListener("keyup", (event) => counts(event) && (this.#voice.pressed = false));
    addEventListener("blur", () => (this.#voice.pressed = false));
  }

  #reaction(name, emoji) {
    const made = make("button", { type: "button", textContent: emoji, title: name.replace("_", " "), class: "reaction" });
    made.setAttribute("aria-label", name.replace("_", " "));
    made.addEventListener("click", () => busy(made, () => ask("POST", `${place}/reactions`, { reaction: name }), this.#hooks.fail));
    $("react").append(made);
  }
}
