// Letting a program in: `spacesctl login` shows a code, and waits until somebody who is signed in says yes here.
import { ask, onSubmit, root, sentence, ways } from "./session.js";

const $ = (id) => document.getElementById(id);
const given = new URLSearchParams(location.hash.slice(1)).get("code");
let answer = "no";

async function look(code) {
  const found = await ask("GET", `devices/${encodeURIComponent(code)}`);
  $("shown").textContent = found.user_code;
  $("what").textContent = `“${found.label}” at ${found.host} wants to be let in.`;
  $("code-form").hidden = true;
  $("decision").hidden = false;
}

onSubmit($("code-form"), $("message"), () => look($("code").value.trim()));

for (const button of $("decision").querySelectorAll("button")) button.addEventListener("click", () => (answer = button.value));

onSubmit($("decision"), $("message"), async () => {
  await ask("PUT", `devices/${$("shown").textContent}`, { approve: answer === "yes" });
  $("decision").hidden = true;
  $("message").textContent = answer === "yes" ? "It is let in. You can close this page." : "It was refused. You can close this page.";
});

try {
  const found = await ways();
  $("why").hidden = found.private;
  $("why").textContent = found.why ? `${found.why}.` : "";
  if (!found.account && found.private) location.replace(`${root}sign-in?to=device${location.hash}`);
  $("code-form").hidden = !found.account;
  if (found.account && given) await look(given);
} catch (error) {
  $("message").textContent = sentence(error);
}
