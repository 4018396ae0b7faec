// Review: what was reported, read before it is heard, and what is decided on it.
import { ask, get, listed, root } from "./api.js";
import { has, moment, t } from "./catalogue.js";
import { $, button, make, show, words } from "./dom.js";
import { pageOf } from "./nav.js";
import { begin, fail, tell } from "./shell.js";
import { question } from "./dialogs.js";

let me = null;

const named = (key, name) => (has(key) ? t(key) : name);
const quiet = (text) => make("p", { class: "where", textContent: text });

/** Who filed it: a person, or a rule. */
function byWhom({ by, record }) {
  if (by.kind !== "person") return t("reports.by.rule", { rule: by.id ?? by.reason ?? "" });
  const text = t("reports.by", { handle: by.handle ?? t("somebody") });
  return record ? `${text} (${t("reports.record", { upheld: record.upheld, dismissed: record.dismissed })})` : text;
}

function heading(one) {
  const about = one.target ? make("a", { href: pageOf(one.target.handle), textContent: one.target.handle, class: "name" }) : make("span", { textContent: t("reports.space"), class: "name" });
  const category = make("span", { class: "mark", textContent: named(`category.${one.category}`, one.category) });
  const space = make("a", { href: `${root}s/${one.space_id}` }, words("span", one.title));
  return [make("p", { class: "marks" }, about, category), make("p", { class: "about" }, space, ` · ${moment(one.created_at)} · ${byWhom(one)}`)];
}

/** The words first; the sound only when somebody asks for it. */
function evidence(one) {
  const parts = [];
  if (one.text) parts.push(make("blockquote", { dir: "auto", textContent: one.text }));
  else if (!one.purged_at) parts.push(quiet(t("reports.nowords")));
  if (one.note) parts.push(words("p", t("reports.note.by", { note: one.note }), "words"));
  if (one.purged_at) parts.push(quiet(t("reports.purged", { time: moment(one.purged_at) })));
  if (one.clip) parts.push(button(t("reports.listen"), () => {}, fail, { class: "plain", data: { do: "listen" } }));
  return parts;
}

function listenTo(item, id) {
  const asked = item.querySelector("[data-do=listen]");
  asked?.addEventListener("click", () => {
    const sound = make("audio", { controls: true, autoplay: true, src: `${root}v1/reports/${id}/clip` });
    sound.setAttribute("aria-label", t("reports.clip"));
    asked.replaceWith(sound);
    sound.focus();
  });
}

function acts(one) {
  const at = `reports/${one.id}`;
  const mine = one.assignee?.id === me.id;
  const decide = (state) => async () => {
    const given = await question(t(`reports.${state}.do`), t("reports.told"), [{ name: "note", label: t("reports.why"), kind: "long", most: 2000 }], t(`reports.${state}.do`));
    if (!given) return;
    await ask("PATCH", at, { state, note: given.note });
    tell(t(`reports.${state}.done`));
    await showReports();
  };
  const note = async () => {
    const given = await question(t("reports.note"), t("reports.note.what"), [{ name: "text", label: t("reports.note"), kind: "long", most: 2000, required: true }], t("settings.save"));
    if (given?.text) await ask("POST", `${at}/notes`, { text: given.text }).then(() => again(one.id));
  };
  const assign = () => (mine ? ask("DELETE", `${at}/assignee`) : ask("PUT", `${at}/assignee`, { account: me.handle })).then(() => again(one.id));
  const row = [button(t("reports.note"), note, fail, { data: { do: "note" } })];
  if (one.state !== "open") return [...row, button(t("reports.open.do"), decide("open"), fail, { data: { do: "open" } })];
  if (mine || !one.assignee) row.unshift(button(t(mine ? "reports.release" : "reports.take"), assign, fail, { data: { do: "assign" } }));
  return [
    ...row,
    button(t("reports.upheld.do"), decide("upheld"), fail, { class: "danger", data: { do: "uphold" } }),
    button(t("reports.dismissed.do"), decide("dismissed"), fail, { data: { do: "dismiss" } }),
  ];
}

function whole(one) {
  const item = make("li", { data: { key: one.id } }, ...heading(one), ...evidence(one));
  if (one.assignee) item.append(quiet(t("reports.has", { handle: one.assignee.handle })));
  if (one.decided_at) item.append(quiet(t("reports.was", { state: t(`reports.${one.state}`), time: moment(one.decided_at), why: one.decision ?? "" })));
  for (const note of one.notes) item.append(make("p", { class: "note" }, make("b", { textContent: note.by.handle }), " ", words("span", note.text)));
  item.append(make("p", { class: "row" }, ...acts(one)));
  listenTo(item, one.id);
  return item;
}

async function again(id) {
  const item = whole(await get(`reports/${id}`));
  $("reports").querySelector(`[data-key="${id}"]`).replaceWith(item);
  item.querySelector("button").focus();
}

/** A report of the list, as it is shown before its notes are read. */
async function showReports() {
  const found = await listed(`reports?${$("which").value}`, 1);
  const read = await Promise.all(found.slice(0, MOST).map((one) => get(`reports/${one.id}`)));
  $("reports").replaceChildren(...read.map(whole));
  $("reports-none").hidden = found.length > 0;
}

/** Reports that are shown at once: the next come when these are decided. */
const MOST = 20;

$("which").addEventListener("change", () => showReports().catch(fail));
begin(
  async (who) => {
    me = who;
    await showReports();
  },
  { needsAccount: true },
);
