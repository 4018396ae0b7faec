// After a Space: what it was, for its host. The recording, with what was said beside it, and the figures.
import { ask, get, listed, place, root, spaceId } from "./api.js";
import { moment, percent, t } from "./catalogue.js";
import { question } from "./dialogs.js";
import { $, button, make, words } from "./dom.js";
import { span } from "./lobby.js";
import { chaptersOf, clock, sharesOf, toMarkdown, toSrt, toVtt } from "./transcripts.js";

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

/** Captions on the clock of a recording that began `late` seconds after the Space; without what was said before. */
function linesFrom(captions, late) {
  const lines = captions.map(({ speaker, text, start_tick: start, end_tick: end }) => ({ speaker, text, start: start * TICK - late, end: end * TICK - late }));
  return lines.filter((one) => one.end > 0).map((one) => ({ ...one, start: Math.max(0, one.start) }));
}

/** Show all of it; `people` are those of the view. `fail(error)`, `tell(text)`. */
export async function showAfterwards(space, people, hooks) {
  const [captions, recordings, reports] = await Promise.all([captionsOf(), listed(`recordings?space_id=${spaceId}`, 1), listed(`reports?space_id=${spaceId}`, 1)]);
  $("afterwards").hidden = false;
  const begun = recordings.at(-1);
  const late = begun ? Math.max(0, (new Date(begun.started_at) - new Date(space.started_at)) / 1000) : 0;
  const lines = space.started_at ? linesFrom(captions, late) : [];
  showFigures(space, people, lines, reports);
  $("recordings").replaceChildren(...recordings.map((one) => recordingPart(space, one, hooks)));
  $("recordings-none").hidden = recordings.length > 0;
  showSaid(space, lines, $("recordings").querySelector("audio"));
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

function recordingPart(space, one, { fail, tell }) {
  const part = make("div", { class: "recording" });
  if (one.state !== "done") return part.append(make("p", { textContent: t("after.closing") }), button(t("after.again"), () => location.reload(), fail)), part;
  const of = (name) => `${root}v1/recordings/${one.id}/${encodeURIComponent(name)}`;
  const mix = one.files.find((file) => file.handle === null);
  if (mix) {
    const sound = make("audio", { controls: true, preload: "metadata", src: of(mix.name) });
    sound.setAttribute("aria-label", t("after.sound", { title: one.title }));
    part.append(sound);
  }
  const loads = one.files.map((file) => make("a", { href: of(file.name), download: `${one.title}-${file.name}`, textContent: file.handle ?? t("after.ogg") }));
  const remove = button(t("after.delete"), async () => {
    if (!(await question(t("after.delete"), t("after.delete.what"), [], t("after.delete")))) return;
    await ask("DELETE", `recordings/${one.id}`);
    part.remove();
    tell(t("after.deleted"));
  }, fail, { class: "plain danger" }); // prettier-ignore
  part.append(make("p", { class: "row" }, ...loads, remove));
  if (one.expires_at) part.append(make("p", { class: "where", textContent: t("after.expires", { time: moment(one.expires_at) }) }));
  return part;
}

/** What was said, in parts by who said it. With a recording each part leads to its place in it, and what is heard is marked. */
function showSaid(space, lines, sound) {
  $("said").hidden = lines.length === 0;
  const files = { srt: toSrt(lines), vtt: toVtt(lines), md: toMarkdown(space.title, lines) };
  const loads = Object.entries(files).map(([end, text]) => make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: `${space.title}.${end}`, textContent: t(`after.${end}`) }));
  $("downloads").replaceChildren(...loads);
  const spans = [];
  const parts = chaptersOf(lines).map((one) => {
    const said = one.lines.map((line) => spans[spans.push([line, words("span", `${line.text} `)]) - 1][1]);
    const head = [make("span", { class: "at", textContent: clock(one.start) }), words("b", one.speaker)];
    const go = sound ? make("button", { type: "button" }, ...head) : make("p", { class: "row" }, ...head);
    if (sound) go.addEventListener("click", () => ((sound.currentTime = one.start), sound.play()));
    return make("li", {}, go, make("p", { class: "words" }, ...said));
  });
  $("chapters").replaceChildren(...parts);
  sound?.addEventListener("timeupdate", () => {
    for (const [line, span] of spans) span.classList.toggle("heard", line.start <= sound.currentTime && sound.currentTime < line.end);
  });
}
