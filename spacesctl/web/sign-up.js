// Making an account: where it is open to all, or with the operator's link.
import { ask, root } from "./api.js";
import { fill, t } from "./catalogue.js";
import { $ } from "./dom.js";
import { onSubmit, sentence } from "./forms.js";
import { showNav } from "./nav.js";
import { go } from "./provider.js";
import { taken, ways } from "./session.js";

const invitation = taken("invitation");
const fail = (error) => ($("message").textContent = sentence(error));

function whyNot(found) {
  if (!found.private) return `${found.why}.`;
  if (found.sign_up === "closed") return t("up.closed");
  return found.sign_up === "invitation" && invitation === null ? t("up.invitation") : "";
}

onSubmit($("sign-up-form"), $("message"), async () => {
  const wish = { handle: $("handle").value.trim(), password: $("password").value };
  if ($("name").value.trim()) wish.name = $("name").value.trim();
  if (invitation !== null) wish.invitation = invitation;
  await ask("POST", "sign-up", wish);
  location.replace(`${root}account`);
});

$("provider").addEventListener("click", () => go(`${root}account`, invitation).catch(fail));

fill(document);
try {
  const found = await ways();
  const why = whyNot(found);
  showNav(found.account);
  $("provider").hidden = Boolean(why) || !found.provider;
  $("provider").textContent = t("up.provider", { name: found.provider });
  $("why").textContent = why;
  $("why").hidden = !why;
  $("sign-up-form").hidden = Boolean(why);
} catch (error) {
  fail(error);
}
