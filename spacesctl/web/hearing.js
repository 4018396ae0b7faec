// Listening: a call (WHEP) and, where the network lets none through, the Ogg stream.
import { place } from "./api.js";
import { t } from "./catalogue.js";
import { $ } from "./dom.js";
import { Kept, packetsIn } from "./kept.js";
import { listen } from "./webrtc.js";

/** Milliseconds without a packet after which a call is dead: some come each 0.4 s, also of silence. */
const DEAD = 2000;
/** Milliseconds in which the first one must have come. */
const FIRST = 5000;

export class Hearing {
  #kept;
  #hooks;
  #isOgg = false;

  /** Hooks as of `Kept`, and `onNote(text)`. */
  constructor(hooks) {
    this.#hooks = hooks;
    const taken = (stream) => ($("audio").srcObject = stream);
    this.#kept = new Kept(() => heard(listen(taken)), { ...hooks, isAlive: packetsIn, dead: DEAD });
    $("audio").addEventListener("error", () => this.#isOgg && setTimeout(() => this.#isOgg && this.#playOgg(), 1000));
  }

  get peer() {
    return this.#kept.peer;
  }

  get isOn() {
    return this.#isOgg || this.#kept.isWanted;
  }

  /** Begin. Raises the Problem that refuses it. */
  async start() {
    try {
      await this.#kept.hold();
    } catch (error) {
      if (error.status !== undefined) throw error;
      this.#playOgg();
    }
  }

  async stop() {
    const audio = $("audio");
    this.#isOgg = false;
    audio.removeAttribute("src");
    audio.srcObject = null;
    await this.#kept.letGo();
  }

  /** As somebody else: what one hears depends on who one is. */
  async again() {
    if (!this.isOn) return;
    await this.stop();
    await this.start();
  }

  nudge() {
    this.#kept.nudge();
  }

  #playOgg() {
    this.#isOgg = true;
    $("audio").srcObject = null;
    $("audio").src = `${place}/listen.ogg?${Date.now()}`;
    $("audio").play().catch(() => {});
    this.#hooks.onState("on");
    this.#hooks.onNote(t("listen.ogg"));
  }
}

/** A call of which a packet came; else it is closed. */
async function heard(connecting) {
  const session = await connecting;
  const until = performance.now() + FIRST;
  while (performance.now() < until) {
    if (await packetsIn(session.peer)) return session;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await session.close();
  throw new Error("no packet came");
}
