// The page of an account: who this is, what they host, and what they wrote.
import { Problem, ask, get, listed, root } from "./api.js";
import { inTime, spaceCard } from "./cards.js";
import { t } from "./catalogue.js";
import { question } from "./dialogs.js";
import { $, busy, show } from "./dom.js";
import { postItem } from "./posts.js";
import { begin, fail, tell } from "./shell.js";

const handle = decodeURIComponent(location.pathname.slice(root.length));

function showPerson(person) {
  document.title = `${person.name} (${person.handle})`;
  $("title").textContent = person.name;
  $("handle").textContent = person.ai ? `${person.handle} · ${t("person.bot")}` : person.handle;
  $("description").textContent = person.description;
  $("counts").textContent = [t("person.followers", { count: person.followers }), t("person.following", { count: person.following })].join(" · ");
  $("calendar").hidden = false;
  $("calendar").href = `${root}v1/accounts/${person.handle}/calendar.ics`;
  $("spaces-place").hidden = false;
  show($("spaces"), person.spaces.sort(inTime).map((one) => spaceCard(one)));
  $("spaces-none").hidden = person.spaces.length > 0;
  $("posts-place").hidden = person.posts.length === 0;
  show($("posts"), person.posts.map(postItem));
}

/** A button that says what it does, and does it. */
function offer(id, label, work) {
  $(id).hidden = false;
  $(id).textContent = label;
  $(id).onclick = () => busy($(id), work, fail);
}

async function showOurs(person) {
  const [following, blocks] = await Promise.all([listed("accounts/me/following"), listed("accounts/me/blocks")]);
  const [follows, blocked] = [following, blocks].map((all) => all.some((one) => one.id === person.id));
  const at = { follow: `accounts/me/following/${person.id}`, block: `accounts/me/blocks/${person.id}` };
  const change = async (method, path, said, body) => {
    await ask(method, path, body);
    await load();
    tell(t(said, { handle: person.handle }));
  };
  if (follows) offer("follow", t("person.unfollow"), () => change("DELETE", at.follow, "person.unfollowed"));
  else offer("follow", t("act.follow"), () => change("PUT", at.follow, "person.followed"));
  $("follow").hidden = blocked;
  if (blocked) offer("block", t("person.unblock"), () => change("DELETE", at.block, "person.unblocked"));
  else
    offer("block", t("act.block"), async () => {
      const title = `${t("act.block")}: ${person.handle}`;
      const sure = await question(title, t("act.block.what"), [{ name: "reason", label: t("person.reason") }], t("act.block"));
      if (sure) await change("PUT", at.block, "person.blocked", sure.reason ? { reason: sure.reason } : {});
    });
}

let me = null;

async function load() {
  const person = await get(`accounts/${encodeURIComponent(handle)}/profile`);
  showPerson(person);
  if (me && me.id !== person.id) await showOurs(person);
}

begin(async (who) => {
  me = who;
  await load().catch((error) => {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    $("title").textContent = t("person.none");
    $("handle").textContent = handle;
  });
});
