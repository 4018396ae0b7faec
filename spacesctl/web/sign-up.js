// Making an account: where it is open to all, or with the operator's link.
import { go } from "./provider.js";
import { ask, onSubmit, root, sentence, taken, ways } from "./session.js";

const $ = (id) => document.getElementById(id);
const invitation = taken("invitation");
const BY_INVITATION = "Accounts are made by invitation here: ask the operator of this server for a link.";
const CLOSED = "Nobody makes an account here but the operator of this server.";

function whyNot(found) {
  if (!found.private) return `${found.why}.`;
  if (found.sign_up === "closed") return CLOSED;
  return found.sign_up === "invitation" && invitation === null ? BY_INVITATION : "";
}

onSubmit($("sign-up-form"), $("message"), async () => {
  const wish = { handle: $("handle").value.trim(), password: $("password").value };
  if ($("name").value.trim()) wish.name = $("name").value.trim();
  if (invitation !== null) wish.invitation = invitation;
  await ask("POST", "sign-up", wish);
  location.replace(`${root}account`);
});

$("provider").addEventListener("click", () =>
  go(`${root}account`, invitation).catch((error) => ($("message").textContent = sentence(error))),
);

try {
  const found = await ways();
  const why = whyNot(found);
  $("provider").hidden = Boolean(why) || !found.provider;
  $("provider").textContent = `Make it with ${found.provider}`;
  $("why").textContent = why;
  $("why").hidden = !why;
  $("sign-up-form").hidden = Boolean(why);
} catch (error) {
  $("message").textContent = sentence(error);
}
