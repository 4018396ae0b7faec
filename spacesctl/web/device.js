// Letting a program in: `spacesctl login` shows a code, and waits until somebody who is signed in says yes here.
import { ask, get, root } from "./api.js";
import { fill, t } from "./catalogue.js";
import { $ } from "./dom.js";
import { onSubmit, sentence } from "./forms.js";
import { showNav } from "./nav.js";
import { ways } from "./session.js";

const given = new URLSearchParams(location.hash.slice(1)).get("code");

async function look(code) {
  const found = await get(`devices/${encodeURIComponent(code)}`);
  $("shown").textContent = found.user_code;
  $("what").textContent = t("device.what", { label: found.label, host: found.host });
  $("code-form").hidden = true;
  $("decision").hidden = false;
}

onSubmit($("code-form"), $("message"), () => look($("code").value.trim()));

onSubmit($("decision"), $("message"), async ({ value }) => {
  await ask("PUT", `devices/${$("shown").textContent}`, { approve: value === "yes" });
  $("decision").hidden = true;
  $("message").textContent = t(value === "yes" ? "device.done" : "device.refused");
});

fill(document);
try {
  const found = await ways();
  showNav(found.account);
  $("why").hidden = found.private;
  $("why").textContent = found.why ? `${found.why}.` : "";
  if (!found.account && found.private) location.replace(`${root}sign-in?to=device${location.hash}`);
  $("code-form").hidden = !found.account;
  if (found.account && given) await look(given);
} catch (error) {
  $("message").textContent = sentence(error);
}
