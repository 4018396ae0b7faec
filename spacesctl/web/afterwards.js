// After a Space: what it was, for its host. The recording, with what was said beside it, and the figures.
import { ask, get, listed, place, root, spaceId } from "./api.js";
import { moment, percent, t } from "./catalogue.js";
import { question } from "./dialogs.js";
import { $, button, make, words } from "./dom.js";
import { span } from "./lobby.js";
import { showSaid } from "./said.js";
import { sharesOf } from "./transcripts.js";

const TICK = 0.02;
/** Pages of captions that are read, of 500 each. */
const MOST_PAGES = 40;

async function captionsOf() {
  const found = [];
  let after = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { data } = await get(`${place}/captions?view=staff&after=${after}`);
    if (!data.length) break;
    found.push(...data);
    after = data.at(-1).seq;
  }
  return found.sort((one, other) => one.start_tick - other.start_tick);
}

/** Show all of it; `people` are those of the view. `fail(error)`, `tell(text)`. */
export async function showAfterwards(space, people, hooks) {
  const [captions, recordings, reports] = await Promise.all([captionsOf(), listed(`recordings?space_id=${spaceId}`, 1), listed(`reports?space_id=${spaceId}`, 1)]);
  $("afterwards").hidden = false;
  const lines = captions.map(({ speaker, text, start_tick: start, end_tick: end }) => ({ speaker, text, start: start * TICK, end: end * TICK }));
  showFigures(space, people, lines, reports);
  const again = () => showAfterwards(space, people, hooks);
  const parts = recordings.map((one) => recordingPart(space, one, { ...hooks, again }));
  $("recordings").replaceChildren(...parts.map(({ part }) => part));
  $("recordings-none").hidden = recordings.length > 0;
  showSaid(space.title, lines, parts.map(({ sound }) => sound).filter(Boolean));
}

function showFigures(space, people, lines, reports) {
  const pairs = [];
  if (space.started_at) {
    pairs.push([t("after.began"), moment(space.started_at)]);
    pairs.push([t("after.length"), span(new Date(space.ended_at) - new Date(space.started_at))]);
    pairs.push([t("after.peak"), String(space.peak)]);
  }
  const spoke = space.speaker_ids.map((id) => people[id]?.handle).filter(Boolean);
  if (spoke.length) pairs.push([t("after.people"), spoke.join(", ")]);
  if (lines.length) pairs.push([t("after.shares"), sharesOf(lines).map(([who, share]) => `${who} ${percent(share)}`).join(", ")]);
  const list = make("dl", { id: "figures", class: "facts" }, ...pairs.flatMap(([name, value]) => [make("dt", { textContent: name }), words("dd", value)]));
  list.append(make("dt", { textContent: t("nav.reports") }), make("dd", {}, make("a", { href: `${root}reports`, textContent: String(reports.length) })));
  $("figures").replaceWith(list);
}

/** Its element and, once it is finished, its sound as `showSaid` takes it. */
function recordingPart(space, one, { fail, tell, again }) {
  const part = make("div", { class: "recording" });
  if (one.state !== "done") {
    part.append(make("p", { textContent: t("after.closing") }), button(t("after.again"), again, fail));
    return { part, sound: null };
  }
  const of = (name) => `${root}v1/recordings/${one.id}/${encodeURIComponent(name)}`;
  const sound = soundOf(space, one, of);
  if (sound) part.append(sound.player);
  const loads = one.files.map((file) => make("a", { href: of(file.name), download: `${one.title}-${file.name}`, textContent: file.handle ?? t("after.ogg") }));
  const remove = button(t("after.delete"), async () => {
    if (!(await question(t("after.delete"), t("after.delete.what"), [], t("after.delete")))) return;
    await ask("DELETE", `recordings/${one.id}`);
    await again();
    tell(t("after.deleted"));
  }, fail, { class: "plain danger" }); // prettier-ignore
  part.append(make("p", { class: "row" }, ...loads, remove));
  if (one.expires_at) part.append(make("p", { class: "where", textContent: t("after.expires", { time: moment(one.expires_at) }) }));
  return { part, sound };
}

/** The player of what listeners heard, and which seconds of the Space clock it has; null where nothing is left of it. */
function soundOf(space, one, of) {
  const mix = one.files.find((file) => file.handle === null);
  if (!mix) return null;
  const player = make("audio", { controls: true, preload: "metadata", src: of(mix.name) });
  player.setAttribute("aria-label", t("after.sound", { title: one.title }));
  const from = Math.max(0, (new Date(one.started_at) - new Date(space.started_at)) / 1000);
  return { player, from, to: from + mix.duration_ms / 1000 };
}
