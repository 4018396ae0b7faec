// Who reads the page of a Space: signed in, or how one could be; and the link that signs in.
import { ask, typed } from "./api.js";
import { t } from "./catalogue.js";
import { $, button, make } from "./dom.js";
import { sentence } from "./forms.js";
import { pageOf, showNav } from "./nav.js";
import { signInHere, taken, ways } from "./session.js";

/** Use the link's code, if there is one, and show who is here. Who is signed in already stays who they are. Returns the account, or null. */
export async function arrive() {
  const code = taken("link");
  let failed = null;
  let found = await ways();
  if (code !== null && !found.account) {
    await ask("POST", "session/link", { code }).catch((error) => (failed = error));
    found = await ways();
  }
  showWho(found);
  showNav(found.account);
  if (failed) $("message").textContent = sentence(failed);
  return found.account;
}

function showWho({ account, private: isPrivate, why }) {
  const parts = [];
  const fail = (error) => ($("message").textContent = sentence(error));
  if (account) {
    const page = make("a", { href: pageOf(account.handle), textContent: t("who.account") });
    parts.push(`${t("who.you", { handle: account.handle })} `, page, " ", button(t("who.out"), signOut, fail, { class: "plain" }));
  } else if (isPrivate) parts.push(make("a", { href: signInHere(), textContent: t("who.in") }), ` ${t("who.to")}`);
  else parts.push(`${why}.`);
  $("who").replaceChildren(...parts);
  $("who").hidden = false;
}

/** With a token that was typed here. */
export function showTyped({ handle }) {
  const out = button(t("who.out"), () => (typed.forget(), location.reload()), () => {}, { class: "plain" });
  $("who").replaceChildren(`${t("who.you", { handle })} `, out);
}

async function signOut() {
  await ask("DELETE", "session");
  location.reload();
}
