// While one hears or speaks: the device shows what plays, its buttons work, and a phone's screen stays on.
import { root } from "./api.js";

/** A phone, or a tablet: something without a mouse, that would go to sleep. */
const IS_HELD = matchMedia("(pointer: coarse)").matches;

export class Playing {
  #lock = null;
  #isOn = false;
  #title = "";

  /** `listen()` and `stop()` are what the device's own buttons do. */
  constructor({ listen, stop }) {
    const session = navigator.mediaSession;
    session?.setActionHandler("play", listen);
    for (const one of ["pause", "stop"]) session?.setActionHandler(one, stop);
    document.addEventListener("visibilitychange", () => this.#hold());
  }

  /** Say what is on; `isOn` whether it is heard or spoken. */
  show(title, host, isOn) {
    this.#isOn = isOn;
    if (navigator.mediaSession) {
      navigator.mediaSession.playbackState = isOn ? "playing" : "none";
      if (title !== this.#title) {
        const artwork = [{ src: `${root}web/icon.svg`, sizes: "any", type: "image/svg+xml" }];
        navigator.mediaSession.metadata = new MediaMetadata({ title, artist: host, artwork });
      }
    }
    this.#title = title;
    this.#hold();
  }

  /** The browser gives a lock back when the page is hidden. */
  async #hold() {
    if (!IS_HELD || !navigator.wakeLock) return;
    if (!this.#isOn || document.hidden) {
      await this.#lock?.release();
      this.#lock = null;
    } else if (!this.#lock || this.#lock.released) this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
  }
}
