// One's own account: its password, and its sessions and tokens, each of which can be ended.
import { ask, onSubmit, root, sentence, ways } from "./session.js";

const $ = (id) => document.getElementById(id);
const TOKENS = "accounts/me/tokens";

function fail(error) {
  $("message").textContent = sentence(error);
}

function shown(one) {
  const item = document.createElement("li");
  const used = one.used_at ? `last used ${new Date(one.used_at).toLocaleString()} from ${one.used_from}` : "not used yet";
  const what = document.createElement("p");
  what.className = "quiet";
  what.textContent = `${one.label || one.kind}, ${used}${one.current ? " (this one)" : ""}`;
  item.append(what);
  if (!one.current) item.append(ending(one));
  return item;
}

function ending(one) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = one.kind === "session" ? "End this session" : "Revoke this token";
  button.addEventListener("click", () => ask("DELETE", `${TOKENS}/${one.id}`).then(showSessions).catch(fail));
  return button;
}

async function showSessions() {
  $("sessions").replaceChildren(...(await ask("GET", TOKENS)).data.map(shown));
}

onSubmit($("password-form"), $("message"), async () => {
  const wish = { password: $("password").value };
  if ($("current").value) wish.current = $("current").value;
  const { ended } = await ask("PUT", "accounts/me/password", wish);
  $("password-form").reset();
  $("message").textContent = `The password is set. ${ended} other ${ended === 1 ? "session" : "sessions"} ended.`;
  await showSessions();
});

$("sign-out").addEventListener("click", () =>
  ask("DELETE", "session")
    .then(() => location.replace(`${root}sign-in`))
    .catch(fail),
);

try {
  const { account } = await ways();
  if (account) {
    $("title").textContent = account.handle;
    $("signed-in").hidden = $("sign-out").hidden = false;
    await showSessions();
  } else {
    location.replace(`${root}sign-in`);
  }
} catch (error) {
  fail(error);
}
