// How long is waited before something is tried again: 0.5, 1, 2, 2 ... s, each spread by 30 %, so that not all come back at once.

const FIRST = [500, 1000];
const THEN = 2000;
const SPREAD = 0.3;

/** Milliseconds before the next attempt, after so many that failed. */
export function pauseAfter(failed, drawn = Math.random()) {
  return (FIRST[failed] ?? THEN) * (1 - SPREAD + 2 * SPREAD * drawn);
}

/** Wait so many milliseconds, or until `signal` is aborted. */
export function wait(milliseconds, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
