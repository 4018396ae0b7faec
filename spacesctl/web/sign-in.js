// Signing in: with a password, or by the link that led here.
import { known, signIn } from "./passkeys.js";
import { answered, comeBack, go } from "./provider.js";
import { ask, onSubmit, onward, sentence, taken, ways } from "./session.js";

const $ = (id) => document.getElementById(id);

/** Who is signed in already is asked to sign out first: a link of somebody else makes them nobody else. */
async function byLink(code) {
  const { account } = await ways();
  if (account) throw new Error(`you are signed in as ${account.handle}: sign out on the page of your account before you use another link`);
  const { space_id: space } = await ask("POST", "session/link", { code });
  location.replace(space ? `s/${space}` : "account");
}

function show(found) {
  if (found.account) return location.replace(onward());
  $("why").hidden = found.private;
  $("why").textContent = found.why ? `${found.why}.` : "";
  $("password-form").hidden = $("other-ways").hidden = !found.private;
  $("sign-up").hidden = !found.private || found.sign_up === "closed";
  $("provider").hidden = !found.provider;
  $("provider").textContent = `Sign in with ${found.provider}`;
  $("passkey").hidden = !found.passkeys || !known();
  $("handle").focus();
}

onSubmit($("password-form"), $("message"), async () => {
  await ask("POST", "session", { handle: $("handle").value.trim(), password: $("password").value });
  location.replace(onward());
});

$("provider").addEventListener("click", () => go(onward()).catch((error) => ($("message").textContent = sentence(error))));

$("passkey").addEventListener("click", () =>
  signIn()
    .then(() => location.replace(onward()))
    .catch((error) => ($("message").textContent = sentence(error))),
);

const code = taken("link");
const answer = answered();
try {
  if (code !== null) await byLink(code);
  else if (answer !== null) await comeBack(answer);
  else show(await ways());
} catch (error) {
  $("message").textContent = sentence(error);
  const found = await ways();
  if (!found.account) show(found);
}
