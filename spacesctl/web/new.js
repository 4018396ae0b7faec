// A new Space: at once, or at a time.
import { answerTo, ask, root } from "./api.js";
import { t } from "./catalogue.js";
import { $ } from "./dom.js";
import { handlesIn, onSubmit } from "./forms.js";
import { begin } from "./shell.js";

const isLater = () => $("at").checked;
const starter = async () => (await answerTo("GET", `${root}web/starter-rules.toml`)).text();

/** Nothing but what was chosen: the server knows what else is usual. */
async function wish() {
  const made = {
    title: $("name").value,
    speakers: $("speakers").value,
    listeners: $("listeners").value,
    captions: $("captions").checked,
    record: $("record").value,
    invite: handlesIn($("invite").value),
    cohosts: handlesIn($("cohosts").value),
    topics: $("topics").value.split(",").map((one) => one.trim()).filter(Boolean),
    lang: document.documentElement.lang,
  };
  if ($("delay").value) made.delay = Number($("delay").value);
  if ($("rules").value === "starter") made.rules = await starter();
  if ($("rules").value === "own") made.rules = $("rules-text").value;
  if (!isLater()) return { ...made, start: true };
  return { ...made, scheduled_start: new Date($("start").value).toISOString() };
}

function showWhen() {
  $("start-line").hidden = $("zone").hidden = !isLater();
  $("start").required = isLater();
  $("zone").textContent = t("new.zone", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
  $("create").textContent = t(isLater() ? "new.schedule" : "new.golive");
}

for (const one of document.querySelectorAll("[name=when]")) one.addEventListener("change", showWhen);

$("rules").addEventListener("change", () => {
  const own = $("rules").value === "own";
  $("rules-line").hidden = !own;
  $("rules-text").required = own;
});

onSubmit($("new-form"), $("message"), async () => {
  const made = await ask("POST", "spaces", await wish());
  location.assign(`${root}s/${made.id}`);
});

begin(showWhen, { needsAccount: true });
