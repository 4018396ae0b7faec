// Settings of one's own: the microphone, the profile, who is blocked, where messages go, one's data; and how one signs in (account.js).
import { ask, get, listed, root } from "./api.js";
import { showAccount } from "./account.js";
import { day, t } from "./catalogue.js";
import { $, show } from "./dom.js";
import { onSubmit } from "./forms.js";
import { line } from "./lines.js";
import { prepareTest } from "./mic-test.js";
import { pageOf } from "./nav.js";
import { begin, fail, tell } from "./shell.js";

async function showProfile(me) {
  const profile = await get("accounts/me/profile");
  $("own-page").href = pageOf(me.handle);
  $("own-name").value = profile.name;
  $("own-description").value = profile.description;
}

onSubmit($("profile-form"), $("message"), async () => {
  await ask("PATCH", "accounts/me", { name: $("own-name").value, description: $("own-description").value });
  tell(t("settings.saved"));
});

async function showBlocks() {
  const shown = (one) => {
    const work = () => ask("DELETE", `accounts/me/blocks/${one.id}`).then(showBlocks);
    const text = one.reason ? t("why", { what: `${one.handle}.`, reason: one.reason }) : one.handle;
    return line(one.id, text, { text: t("person.unblock"), work });
  };
  const found = await listed("accounts/me/blocklist");
  show($("blocks"), found.map(shown));
  $("blocks-none").hidden = found.length > 0;
}

onSubmit($("block-form"), $("message"), async () => {
  await ask("PUT", `accounts/me/blocks/${encodeURIComponent($("block-handle").value.trim())}`, {});
  $("block-form").reset();
  await showBlocks();
});

async function showOutlets() {
  const shown = (one) => {
    const end = { text: t("settings.outlet.remove"), work: () => ask("DELETE", `notifications/${one.id}`).then(showOutlets) };
    const test = { text: t("settings.outlet.test"), work: () => tried(one.id) };
    return line(one.id, t("settings.outlet", { address: one.address, day: day(one.created_at) }), test, end);
  };
  show($("outlets"), (await get("notifications")).data.map(shown));
}

async function tried(id) {
  const { delivered } = await ask("POST", `notifications/${id}/test`);
  tell(t(delivered ? "settings.outlet.works" : "settings.outlet.fails"));
}

onSubmit($("outlet-form"), $("message"), async () => {
  await ask("POST", "notifications", { url: $("outlet").value.trim() });
  $("outlet-form").reset();
  await showOutlets();
});

begin(
  async (me) => {
    $("title").textContent = me.handle;
    $("signed-in").hidden = $("signed-row").hidden = false;
    $("export").href = `${root}v1/accounts/me/export`;
    prepareTest(fail);
    await showAccount();
    await Promise.all([showProfile(me), showBlocks(), showOutlets()]);
  },
  { needsAccount: true },
);
