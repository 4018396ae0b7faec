// One's own account: its password, and its sessions and tokens, each of which can be ended.
import { known, register } from "./passkeys.js";
import { go } from "./provider.js";
import { ask, onSubmit, root, sentence, ways } from "./session.js";

const $ = (id) => document.getElementById(id);
const TOKENS = "accounts/me/tokens";
const PASSKEYS = "accounts/me/passkeys";

function fail(error) {
  $("message").textContent = sentence(error);
}

/** A line of a list; `end` is what its button says and does, or null. */
function line(text, end) {
  const item = document.createElement("li");
  const what = document.createElement("p");
  what.className = "quiet";
  what.dir = "auto";
  what.textContent = text;
  item.append(what);
  if (end) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = end.text;
    button.addEventListener("click", () => end.work().catch(fail));
    item.append(button);
  }
  return item;
}

const used = (one, from) => (one.used_at ? `last used ${new Date(one.used_at).toLocaleString()}${from}` : "not used yet");

async function showSessions() {
  const shown = (one) => {
    const end = async () => {
      await ask("DELETE", `${TOKENS}/${one.id}`);
      await showSessions();
    };
    const text = one.kind === "session" ? "End this session" : "Revoke this token";
    const here = one.current ? " (this one)" : "";
    return line(`${one.label || one.kind}, ${used(one, ` from ${one.used_from}`)}${here}`, one.current ? null : { text, work: end });
  };
  $("sessions").replaceChildren(...(await ask("GET", TOKENS)).data.map(shown));
}

async function showPasskeys() {
  const shown = (one) => {
    const work = async () => {
      await ask("DELETE", `${PASSKEYS}/${one.id}`);
      await showPasskeys();
    };
    return line(`${one.label}, ${used(one, "")}`, { text: "Remove this passkey", work });
  };
  $("passkeys").replaceChildren(...(await ask("GET", PASSKEYS)).data.map(shown));
}

onSubmit($("password-form"), $("message"), async () => {
  const wish = { password: $("password").value };
  if ($("current").value) wish.current = $("current").value;
  const { ended } = await ask("PUT", "accounts/me/password", wish);
  $("password-form").reset();
  $("message").textContent = `The password is set. ${ended} other ${ended === 1 ? "session" : "sessions"} ended.`;
  await showSessions();
});

onSubmit($("passkey-form"), $("message"), async () => {
  await register($("label").value.trim());
  $("passkey-form").reset();
  await showPasskeys();
});

async function showProvider(name) {
  const { linked } = await ask("GET", "accounts/me/provider");
  $("provider-heading").textContent = name;
  $("provider-part").hidden = false;
  $("provider").textContent = linked ? `Sign in with ${name} no longer` : `Sign in with ${name}, too`;
  $("provider").onclick = () => (linked ? unlink(name) : go(`${root}account`)).catch(fail);
}

async function unlink(name) {
  await ask("DELETE", "accounts/me/provider");
  await showProvider(name);
}

$("sign-out").addEventListener("click", () =>
  ask("DELETE", "session")
    .then(() => location.replace(`${root}sign-in`))
    .catch(fail),
);

try {
  const { account, passkeys, provider } = await ways();
  if (account) {
    $("title").textContent = account.handle;
    $("signed-in").hidden = $("sign-out").hidden = false;
    await showSessions();
    $("passkeys-part").hidden = !passkeys || !known();
    await showPasskeys();
    if (provider) await showProvider(provider);
  } else {
    location.replace(`${root}sign-in`);
  }
} catch (error) {
  fail(error);
}
