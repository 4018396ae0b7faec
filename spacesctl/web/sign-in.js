// Signing in: with a password, or by the link that led here.
import { ask, root } from "./api.js";
import { fill, t } from "./catalogue.js";
import { $ } from "./dom.js";
import { onSubmit, sentence } from "./forms.js";
import { showNav } from "./nav.js";
import { known, signIn } from "./passkeys.js";
import { answered, comeBack, go } from "./provider.js";
import { onward, taken, ways } from "./session.js";

const fail = (error) => ($("message").textContent = sentence(error));

/** Who is signed in already is asked to sign out first: a link of somebody else makes them nobody else. */
async function byLink(code) {
  const { account } = await ways();
  if (account) throw new Error(t("in.already", { handle: account.handle }));
  const { space_id: space } = await ask("POST", "session/link", { code });
  location.replace(space ? `s/${space}` : "account");
}

function show(found) {
  if (found.account) return location.replace(onward());
  showNav(null);
  $("why").hidden = found.private;
  $("why").textContent = found.why ? `${found.why}.` : "";
  $("password-form").hidden = $("other-ways").hidden = !found.private;
  $("sign-up").hidden = !found.private || found.sign_up === "closed";
  $("provider").hidden = !found.provider;
  $("provider").textContent = t("in.provider", { name: found.provider });
  $("passkey").hidden = !found.passkeys || !known();
  $("handle").focus();
}

onSubmit($("password-form"), $("message"), async () => {
  await ask("POST", "session", { handle: $("handle").value.trim(), password: $("password").value });
  location.replace(onward());
});

$("provider").addEventListener("click", () => go(onward()).catch(fail));

$("passkey").addEventListener("click", () =>
  signIn()
    .then(() => location.replace(onward()))
    .catch(fail),
);

fill(document);
$("sign-up-link").href = `${root}sign-up`;
const code = taken("link");
const answer = answered();
try {
  if (code !== null) await byLink(code);
  else if (answer !== null) await comeBack(answer);
  else show(await ways());
} catch (error) {
  fail(error);
  const found = await ways();
  if (!found.account) show(found);
}
