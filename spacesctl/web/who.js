// Who reads the page of a Space: signed in, or how one could be; the link that signs in; the seat that one is offered.
import { ask, root, sentence, taken, ways } from "./session.js";

const $ = (id) => document.getElementById(id);

/** Use the link's code, if there is one, and show who is here. Returns the account, or null. */
export async function arrive(spaceId) {
  const code = taken("link");
  let failed = null;
  if (code !== null) await ask("POST", "session/link", { code }).catch((error) => (failed = error));
  const found = await ways();
  showWho(found, spaceId);
  if (failed && !found.account) $("message").textContent = sentence(failed);
  return found.account;
}

function showWho({ account, private: isPrivate, why }, spaceId) {
  const parts = [];
  if (account) parts.push(`You are ${account.handle}. `, link(`${root}account`, "Account"), " ", button("Sign out", signOut));
  else if (isPrivate) parts.push(link(`${root}sign-in?to=s/${spaceId}`, "Sign in"), " to speak.");
  else parts.push(`${why}.`);
  $("who").replaceChildren(...parts);
  $("who").hidden = false;
  $("other-ways").hidden = account !== null;
}

async function signOut() {
  await ask("DELETE", "session");
  location.reload();
}

/** The invitation to this Space, if it waits for an answer; `answered` is called once it was given. */
export async function offerSeat(spaceId, answered) {
  const mine = (await ask("GET", "accounts/me/invites")).data;
  const offer = mine.find((one) => one.space_id === spaceId && one.state === "pending");
  $("seat").hidden = offer === undefined;
  if (!offer) return;
  const what = offer.role === "cohost" ? "co-host this Space" : "speak here";
  const answer = (way) => async () => {
    await ask("POST", `spaces/${spaceId}/${way}`);
    $("seat").hidden = true;
    await answered(way);
  };
  const yes = button("Accept", answer("accept"));
  yes.className = "primary";
  $("seat").replaceChildren(`${offer.host.handle} invites you to ${what}. `, yes, " ", button("Decline", answer("decline")));
}

function link(address, text) {
  const made = document.createElement("a");
  made.href = address;
  made.textContent = text;
  return made;
}

function button(text, work) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => work().catch((error) => ($("message").textContent = sentence(error))));
  return made;
}
