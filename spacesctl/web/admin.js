// The server, for its operators: whether it is well, what it runs with, its Spaces and its accounts.
import { ask, get, listed, root, typed, whoAmI } from "./api.js";
import { inTime, spaceCard } from "./cards.js";
import { day, moment, t } from "./catalogue.js";
import { question } from "./dialogs.js";
import { $, busy, button, make, show, words } from "./dom.js";
import { onSubmit } from "./forms.js";
import { pageOf } from "./nav.js";
import { begin, fail, tell } from "./shell.js";

/** Accounts that are listed at once; the search finds the others. */
const MOST = 100;
const DAY = 86_400;
let accounts = [];

const facts = (list, pairs) => show($(list), pairs.flatMap(([name, value]) => [make("dt", { textContent: name }), words("dd", value)]));

/** It answers 503 with the same document where something is wrong. */
async function showHealth() {
  const { checks } = await (await fetch(`${root}readyz`)).json();
  facts("health", Object.entries(checks));
}

async function showServer() {
  const one = await get("server");
  const places = [...one.candidates, ...one.tcp_candidates].map(({ host, port }) => `${host}:${port}`);
  facts("server", [
    [t("admin.version"), one.version],
    [t("admin.since"), moment(one.started_at)],
    [t("admin.address"), one.public_url],
    [t("admin.tls"), one.tls],
    [t("admin.media"), places.join(", ")],
    [t("admin.data"), `${one.data} (${one.database})`],
    [t("admin.model"), one.model ?? "–"],
  ]);
  const limits = Object.entries(one.limits);
  facts("limits", limits);
  $("limits-none").hidden = limits.length > 0;
}

async function showSpaces() {
  const found = (await listed("spaces?state=live&state=scheduled", 3)).sort(inTime);
  const end = (one) =>
    button(t("desk.end"), async () => {
      if (!(await question(`${t("desk.end")}: ${one.title}`, t("desk.end.what"), [], t("desk.end")))) return;
      await ask("POST", `spaces/${one.id}/end`);
      await showSpaces();
    }, fail, { class: "plain danger" }); // prettier-ignore
  show($("spaces"), found.map((one) => spaceCard(one, { more: one.state === "live" ? [make("p", { class: "row" }, end(one))] : [] })));
  $("spaces-none").hidden = found.length > 0;
}

function accountItem(one) {
  const item = make("li", { data: { key: one.id } }, words("span", one.name, "name"));
  item.append(make("a", { href: pageOf(one.handle), textContent: one.handle }), make("span", { class: "role", textContent: t("admin.made", { day: day(one.created_at) }) }));
  if (one.suspended_at) {
    const until = one.suspended_until ? t("admin.suspended.until", { day: day(one.suspended_until) }) : t("admin.suspended");
    item.append(make("span", { class: "mark", textContent: one.suspended_why ? t("why", { what: until, reason: one.suspended_why }) : until }));
    item.append(button(t("admin.restore"), () => ask("DELETE", `accounts/${one.id}/suspension`).then(showAccounts), fail, { class: "plain", data: { do: "restore" } }));
  } else item.append(button(t("admin.suspend"), () => suspend(one), fail, { class: "plain danger", data: { do: "suspend" } }));
  return item;
}

async function suspend(one) {
  const options = [["", t("admin.until.restored")], ...[1, 7, 30].map((count) => [String(count * DAY), t("admin.days", { count })])];
  const fields = [
    { name: "reason", label: t("label.reason") },
    { name: "duration", label: t("admin.duration"), kind: "choice", options },
  ];
  const given = await question(`${t("admin.suspend")}: ${one.handle}`, t("admin.suspend.what"), fields, t("admin.suspend"));
  if (!given) return;
  const wish = { reason: given.reason };
  if (given.duration) wish.duration = Number(given.duration);
  await ask("PUT", `accounts/${one.id}/suspension`, wish);
  await showAccounts();
}

function showFound() {
  const sought = $("find").value.trim().toLowerCase();
  const found = accounts.filter((one) => `${one.handle} ${one.name}`.toLowerCase().includes(sought));
  show($("accounts"), found.slice(0, MOST).map(accountItem));
}

async function showAccounts() {
  accounts = await listed("accounts", 20);
  showFound();
}

$("find").addEventListener("input", showFound);
$("invite").addEventListener("click", () =>
  busy($("invite"), async () => {
    const { url, expires_at: until } = await ask("POST", "sign-up/invitations");
    $("invitation").textContent = `${url} (${t("admin.invite.until", { time: moment(until) })})`;
  }, fail),
); // prettier-ignore

/** A session can do what its account can, and no more: what goes for all takes a token with the admin scope, which this page forgets. */
onSubmit($("token-form"), $("message"), async () => {
  typed.set($("token").value.trim());
  $("token-form").reset();
  const me = await whoAmI();
  if (!me.scopes.includes("admin")) {
    typed.forget();
    return tell(t("admin.scope"));
  }
  $("token-form").hidden = true;
  $("operator").hidden = false;
  await Promise.all([showHealth(), showServer(), showSpaces(), showAccounts()]);
});

begin(() => {
  $("token-form").hidden = false;
  $("token").focus();
});
