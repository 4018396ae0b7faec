// How one signs in: the password, passkeys and the provider; and one's sessions and tokens, each of which can be ended.
import { ask, get, listed, root } from "./api.js";
import { moment, t } from "./catalogue.js";
import { $, busy, show } from "./dom.js";
import { onSubmit } from "./forms.js";
import { line } from "./lines.js";
import { known, register } from "./passkeys.js";
import { go } from "./provider.js";
import { ways } from "./session.js";
import { fail, tell } from "./shell.js";

const TOKENS = "accounts/me/tokens";
const PASSKEYS = "accounts/me/passkeys";

const used = (one) => (one.used_at ? t("account.used", { time: moment(one.used_at) }) : t("account.unused"));

async function showSessions() {
  const shown = (one) => {
    const from = one.used_at && one.used_from ? ` ${t("account.from", { place: one.used_from })}` : "";
    const text = `${one.label || t(`account.${one.kind}`)}, ${used(one)}${from}${one.current ? ` ${t("account.this")}` : ""}`;
    if (one.current) return line(one.id, text);
    const work = () => ask("DELETE", `${TOKENS}/${one.id}`).then(showSessions);
    return line(one.id, text, { text: t(one.kind === "session" ? "account.end" : "account.revoke"), work });
  };
  show($("sessions"), (await listed(TOKENS)).map(shown));
}

async function showPasskeys() {
  const shown = (one) => {
    const work = () => ask("DELETE", `${PASSKEYS}/${one.id}`).then(showPasskeys);
    return line(one.id, `${one.label}, ${used(one)}`, { text: t("account.passkey.remove"), work });
  };
  show($("passkeys"), (await get(PASSKEYS)).data.map(shown));
}

onSubmit($("password-form"), $("message"), async () => {
  const wish = { password: $("password").value };
  if ($("current").value) wish.current = $("current").value;
  const { ended } = await ask("PUT", "accounts/me/password", wish);
  $("password-form").reset();
  tell(t("account.password.done", { count: ended }));
  await showSessions();
});

onSubmit($("passkey-form"), $("message"), async () => {
  await register($("label").value.trim());
  $("passkey-form").reset();
  await showPasskeys();
});

async function showProvider(name) {
  const { linked } = await get("accounts/me/provider");
  $("provider-heading").textContent = name;
  $("provider-part").hidden = false;
  $("provider").textContent = t(linked ? "account.provider.no" : "account.provider.yes", { name });
  $("provider").onclick = () => busy($("provider"), () => (linked ? unlink(name) : go(`${root}account`)), fail);
}

async function unlink(name) {
  await ask("DELETE", "accounts/me/provider");
  await showProvider(name);
}

$("sign-out").addEventListener("click", () =>
  busy($("sign-out"), () => ask("DELETE", "session").then(() => location.replace(`${root}sign-in`)), fail),
);

/** Show all of it, for who is signed in. */
export async function showAccount() {
  const { passkeys, provider } = await ways();
  $("passkeys-part").hidden = !passkeys || !known();
  await Promise.all([showSessions(), showPasskeys()]);
  if (provider) await showProvider(provider);
}
