// The first page: what is live and what is coming, from the people whom one follows first.
import { get, listed } from "./api.js";
import { inTime, spaceCard } from "./cards.js";
import { t } from "./catalogue.js";
import { $, show } from "./dom.js";
import { onSubmit } from "./forms.js";
import { begin, fail } from "./shell.js";

/** Milliseconds after which the lists are read anew while somebody looks at them. */
const EACH = 30_000;
/** Pages of the list that are read, of 100 each: the search finds the others. */
const PAGES = 3;

async function load(me) {
  const search = $("search").value.trim();
  const all = await listed(`spaces?state=live&state=scheduled${search ? `&search=${encodeURIComponent(search)}` : ""}`, PAGES);
  const near = me ? (await get("feed")).spaces : [];
  const followed = new Set(near.filter((one) => one.host.id !== me.id).map((one) => one.id));
  const rank = (one) => (one.host.id === me?.id ? 0 : followed.has(one.id) ? 1 : 2);
  const sorted = all.sort((one, other) => rank(one) - rank(other) || inTime(one, other));
  const card = (one) => spaceCard(one, { mark: rank(one) < 2 ? t(rank(one) ? "home.follow" : "home.own") : "" });
  for (const [id, state] of [["live", "live"], ["coming", "scheduled"]]) {
    const found = sorted.filter((one) => one.state === state);
    show($(id), found.map(card));
    $(`${id}-none`).hidden = found.length > 0;
  }
}

begin(async (me) => {
  $("welcome").hidden = me !== null;
  onSubmit($("search-form"), $("message"), () => load(me));
  await load(me);
  setInterval(() => document.hidden || load(me).catch(fail), EACH);
});
