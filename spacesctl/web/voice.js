// Speaking: a seat on the stage, and the microphone that is heard from it.
import { ask, get, place } from "./api.js";
import { Kept, answersIn } from "./kept.js";
import { Microphone } from "./microphone.js";
import { speak } from "./webrtc.js";

/** A browser has its checks of the connection answered each 2.5 s. */
const DEAD = 7000;

export class Voice {
  #kept;
  #agreed = false;
  #lane = null;
  #me;

  /** `me()` is one's account id. Hooks as of `Kept`, and `onChange()` when the microphone opens or closes. */
  constructor(me, { onState, onRefused, onChange }) {
    this.#me = me;
    this.onChange = onChange;
    this.microphone = new Microphone({ onEnded: () => this.mute() });
    this.pushes = false;
    /** Whether it is to be open, and whether the server has let it be heard. */
    this.isOpen = false;
    this.isHeard = false;
    const hooks = { onState, isAlive: answersIn, dead: DEAD, mayReturn: () => this.#isOurs() };
    this.#kept = new Kept(() => this.#connect(), {
      ...hooks,
      onRefused: (problem) => (this.#stop(), onRefused(problem)),
    });
  }

  get peer() {
    return this.#kept.peer;
  }

  /** Open the microphone, on a seat that is taken first. Raises Problem or NoMicrophone, and is closed then. */
  async open(agreed) {
    this.#agreed = agreed;
    this.isOpen = true;
    try {
      if (this.#kept.isWanted) await this.#hear();
      else await this.#kept.hold();
    } catch (error) {
      await this.end();
      throw error;
    }
    this.onChange();
  }

  /** Close the microphone, and keep the seat. */
  async mute() {
    this.#stop();
    this.onChange();
    await ask("PUT", `${place}/mic`, { open: false }).catch(() => {});
  }

  /** The server does not let one be heard now. */
  silence() {
    if (!this.isOpen) return;
    this.#stop();
    this.onChange();
  }

  /** Leave the seat. */
  async end() {
    const was = this.#kept.isWanted || this.isOpen;
    this.#stop();
    await this.#kept.letGo();
    if (was) this.onChange();
  }

  /** The server is there again: it may not know the seat any more. */
  async nudge() {
    const lane = this.#lane;
    if (this.peer && (await this.#laneNow()) !== lane && lane === this.#lane) this.#kept.drop();
  }

  /** For push to talk: whether the key is held. */
  set pressed(is) {
    this.microphone.heard = is || !this.pushes;
  }

  async #connect() {
    const session = await speak();
    try {
      if (this.isOpen) await this.#hear(session.peer);
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#lane = await this.#laneNow();
    return session;
  }

  /** The sound of the microphone goes to the server, and then the server is asked to let it be heard. */
  async #hear(peer = this.peer) {
    const track = this.microphone.track ?? (await this.microphone.open());
    if (track === null) return;
    await peer.getSenders()[0].replaceTrack(track);
    this.pressed = !this.pushes;
    await ask("PUT", `${place}/mic`, { open: true, consent: this.#agreed });
    this.isHeard = this.isOpen;
  }

  #stop() {
    this.isOpen = this.isHeard = false;
    this.peer?.getSenders()[0]?.replaceTrack(null).catch(() => {});
    this.microphone.close();
  }

  async #laneNow() {
    const members = (await get(`${place}/people`)).data;
    return members.find((one) => one.id === this.#me())?.lane ?? null;
  }

  /** Whether no other page or program speaks for us meanwhile: two would take the seat from each other for ever. */
  async #isOurs() {
    const lane = await this.#laneNow();
    return lane === null || lane === this.#lane;
  }
}
