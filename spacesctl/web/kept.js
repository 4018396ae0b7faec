// A session that is wanted comes back by itself: after a restart of the server, sleep, or another network, until it is let go or refused.
import { pauseAfter, wait } from "./pauses.js";

/** Milliseconds between two looks at what came. */
const LOOK = 500;

export class Kept {
  #connect;
  #hooks;
  #wanted = null;
  #task = null;
  #lostNow = () => {};

  /** `connect()` makes a session `{peer, close}`. Hooks: `onState("on" | "lost" | "off")`, `onRefused(problem)`, `isAlive(peer)` counts what
   * came so far, of which some comes each `dead` milliseconds; `mayReturn()` whether it may be made anew. */
  constructor(connect, hooks) {
    this.#connect = connect;
    this.#hooks = hooks;
    this.session = null;
  }

  get peer() {
    return this.session?.peer ?? null;
  }

  get isWanted() {
    return this.#wanted !== null;
  }

  /** Begin. Raises the Problem that refuses the first attempt. */
  async hold() {
    if (this.#wanted) return;
    const wanted = (this.#wanted = new AbortController());
    try {
      await this.#open(wanted.signal);
    } catch (error) {
      if (this.#wanted === wanted) this.#wanted = null;
      throw error;
    }
    this.#task = this.#keep(wanted.signal);
  }

  /** End it, and do not come back. */
  async letGo() {
    this.#wanted?.abort();
    this.#wanted = null;
    await this.#close();
    this.#hooks.onState("off");
  }

  /** The server is there again: a session of which nothing came lately is made anew at once. */
  nudge() {
    this.#lostNow(false);
  }

  /** The server does not know it any more. */
  drop() {
    this.#lostNow(true);
  }

  async #open(signal) {
    const session = await this.#connect();
    if (signal.aborted) return session.close();
    this.session = session;
    this.#hooks.onState("on");
  }

  async #close() {
    const session = this.session;
    this.session = null;
    await session?.close();
  }

  async #keep(signal) {
    while (!signal.aborted) {
      await this.#lost(this.session.peer, signal);
      if (signal.aborted) return;
      this.#hooks.onState("lost");
      await this.#close();
      for (let failed = 0; !signal.aborted && this.session === null; failed += 1) {
        try {
          if (this.#hooks.mayReturn && !(await this.#hooks.mayReturn())) return await this.#refused(null);
          await this.#open(signal);
        } catch (error) {
          if (!error.passes && error.status !== undefined) return await this.#refused(error);
          await wait(Math.max(pauseAfter(failed), 1000 * (error.retryAfter ?? 0)), signal);
        }
      }
    }
  }

  async #refused(problem) {
    this.#wanted = null;
    this.#hooks.onState("off");
    this.#hooks.onRefused(problem);
  }

  /** Until the connection is lost: it says so, or no packets come. */
  async #lost(peer, signal) {
    let [count, since] = [-1, performance.now()];
    let lost = false;
    this.#lostNow = (known) => {
      lost ||= known || performance.now() - since > 2 * LOOK;
    };
    peer.onconnectionstatechange = () => {
      if (["failed", "disconnected", "closed"].includes(peer.connectionState)) lost = true;
    };
    while (!lost && !signal.aborted) {
      await wait(LOOK, signal);
      const now = await this.#hooks.isAlive(peer);
      if (now !== count) [count, since] = [now, performance.now()];
      if (performance.now() - since > this.#hooks.dead && !document.hidden) lost = true;
    }
    peer.onconnectionstatechange = null;
  }
}

/** How many packets came of sound that is heard. */
export async function packetsIn(peer) {
  return sum(await peer.getStats(), "inbound-rtp", "packetsReceived");
}

/** How many answers came to the checks of a connection that only sends. */
export async function answersIn(peer) {
  return sum(await peer.getStats(), "candidate-pair", "responsesReceived");
}

function sum(stats, type, field) {
  return [...stats.values()].filter((one) => one.type === type).reduce((all, one) => all + (one[field] ?? 0), 0);
}
