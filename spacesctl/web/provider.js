// A provider of OpenID Connect: we go there, and come back to the sign-in page with its answer in the address.
import { ask } from "./api.js";

const BACK_TO = "spacesctl.back-to";

/** Go to the provider; afterwards to `onward`. */
export async function go(onward, invitation) {
  const { url } = await ask("POST", "session/provider", invitation ? { invitation } : {});
  sessionStorage.setItem(BACK_TO, onward);
  location.assign(url);
}

/** The provider's answer, if somebody comes back with one. It is taken out of the address at once. */
export function answered() {
  const given = new URLSearchParams(location.search);
  if (!given.has("state")) return null;
  history.replaceState(null, "", location.pathname);
  return { state: given.get("state"), code: given.get("code") ?? "" };
}

/** Sign in with the answer, or link the account; then where one came from. */
export async function comeBack(answer) {
  await ask("POST", "session/provider/answer", answer);
  const onward = sessionStorage.getItem(BACK_TO);
  sessionStorage.removeItem(BACK_TO);
  location.replace(onward && onward.startsWith("/") && !onward.startsWith("//") ? onward : "account");
}
