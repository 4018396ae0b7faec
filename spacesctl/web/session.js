// Signing in and out: the ways that there are, and what stands in the addresses of the links. The cookie of a session goes with each request
// by itself, and no script can read it.
import { ask, root } from "./api.js";

/** How one can sign in here, and who is signed in (`account`, or null). */
export const ways = () => ask("GET", "sign-in");

/** What stands behind the `#` of a link. It is taken out of the address and the history at once: it is a secret. */
export function taken(name) {
  const given = new URLSearchParams(location.hash.slice(1)).get(name);
  if (given !== null) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** The pages to which somebody comes back after signing in, below the root. */
const BACK = /^(s\/[A-Za-z0-9]{13}|@\w{1,15}|device|new|inbox|settings|reports|admin)?$/;

/** Where somebody goes who has signed in: the page of ours from which they came. */
export function onward() {
  const to = new URLSearchParams(location.search).get("to");
  return root + (to !== null && BACK.test(to) ? to + location.hash : "account");
}

/** Where one signs in, to come back to this page. */
export const signInHere = () => `${root}sign-in?to=${location.pathname.slice(root.length)}`;
