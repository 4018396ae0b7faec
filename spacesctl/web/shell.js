// What each page but a Space's begins with: its texts, who reads it, and the navigation.
import { whoAmI } from "./api.js";
import { fill } from "./catalogue.js";
import { $ } from "./dom.js";
import { sentence } from "./forms.js";
import { showNav, showUnread } from "./nav.js";
import { signInHere, ways } from "./session.js";

export const tell = (text) => ($("message").textContent = text);
export const fail = (error) => tell(sentence(error));

/** Begin a page: `work(me)` with one's account and scopes, or null. Who must be somebody is sent to sign in first. */
export async function begin(work, { needsAccount = false } = {}) {
  fill(document);
  try {
    const { account } = await ways();
    if (!account && needsAccount) return location.replace(signInHere());
    const me = account && (await whoAmI());
    showNav(me);
    await work(me);
    if (me) await showUnread();
  } catch (error) {
    fail(error);
  }
}
