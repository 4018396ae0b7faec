// A voice that is recorded, heard again, and sent with a message. Nothing leaves the page before it is sent.
import { answerTo } from "./api.js";
import { seconds, t } from "./catalogue.js";
import { busy, button, make } from "./dom.js";
import { Microphone, NoMicrophone } from "./microphone.js";

const MOST = 140_000;
/** Milliseconds after which a recording ends by itself: clips are no longer. */
const EACH = 500;

export class VoiceNote {
  #place;
  #microphone = new Microphone({ onEnded: () => this.#stop() });
  #recorder = null;
  #sound = null;
  #timer = 0;
  #button;
  #says = make("span", { class: "quiet" });

  /** Into `place`; `fail(error)` is told what went wrong, as an Error with a sentence for people. */
  constructor(place, fail) {
    this.#place = place;
    const said = (error) => fail(error instanceof NoMicrophone ? new Error(t(error.key)) : error);
    this.#button = make("button", { type: "button" });
    this.#button.addEventListener("click", () => busy(this.#button, () => this.#toggle(), said));
    addEventListener("pagehide", () => this.#stop());
    this.#show();
  }

  get isEmpty() {
    return this.#sound === null;
  }

  /** Upload it; the id of the clip, or null without one. */
  async clip() {
    if (this.#recorder) await this.#stop();
    if (!this.#sound) return null;
    const answer = await answerTo("POST", "clips", { body: this.#sound, type: this.#sound.type });
    return (await answer.json()).id;
  }

  /** Forget it. */
  clear() {
    this.#sound = null;
    this.#show();
  }

  async #toggle() {
    if (this.#recorder) return this.#stop();
    const track = await this.#microphone.open();
    if (track === null) return;
    const recorder = (this.#recorder = new MediaRecorder(new MediaStream([track])));
    const parts = [];
    const began = performance.now();
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => (this.#sound = new Blob(parts, { type: recorder.mimeType.split(";")[0] })));
    recorder.start();
    this.#timer = setInterval(() => {
      const spent = performance.now() - began;
      this.#says.textContent = seconds(Math.round(spent / 1000));
      if (spent > MOST) this.#stop();
    }, EACH);
    this.#show();
  }

  async #stop() {
    const recorder = this.#recorder;
    if (!recorder) return;
    this.#recorder = null;
    clearInterval(this.#timer);
    await new Promise((resolve) => {
      recorder.addEventListener("stop", resolve);
      recorder.stop();
    });
    this.#microphone.close();
    this.#show();
  }

  #show() {
    this.#button.textContent = t(this.#recorder ? "note.stop" : this.#sound ? "note.again" : "note.record");
    this.#button.setAttribute("aria-pressed", String(Boolean(this.#recorder)));
    this.#says.textContent = "";
    const parts = [this.#button, this.#says];
    if (this.#sound) {
      const player = make("audio", { controls: true, src: URL.createObjectURL(this.#sound) });
      player.setAttribute("aria-label", t("note.yours"));
      parts.push(player, button(t("note.drop"), () => this.clear(), () => {}, { class: "plain" }));
    }
    this.#place.replaceChildren(...parts);
  }
}
