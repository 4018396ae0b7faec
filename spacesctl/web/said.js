// What was said in a Space, in parts by who said it, beside its recordings and as files.
import { t } from "./catalogue.js";
import { $, make, words } from "./dom.js";
import { chaptersOf, clock, shifted, toMarkdown, toSrt, toVtt } from "./transcripts.js";

/** `lines` are on the Space clock; `sounds` are its recordings, `{player, from, to}` in seconds of that clock. What is heard is marked, and a
 * part that was recorded leads to its place. With one recording all times are its own; else they are the Space's. */
export function showSaid(title, lines, sounds) {
  const base = sounds.length === 1 ? sounds[0].from : 0;
  const timed = shifted(lines, base);
  $("said").hidden = timed.length === 0;
  showFiles(title, timed);
  const marks = [];
  const parts = chaptersOf(timed).map((one) => {
    const said = one.lines.map((line) => {
      const mark = words("span", `${line.text} `);
      marks.push([line, mark]);
      return mark;
    });
    return make("li", {}, heading(one, base, sounds), make("p", { class: "words" }, ...said));
  });
  $("chapters").replaceChildren(...parts);
  for (const { player, from } of sounds) {
    player.addEventListener("timeupdate", () => {
      const now = player.currentTime + from - base;
      for (const [line, mark] of marks) mark.classList.toggle("heard", line.start <= now && now < line.end);
    });
  }
}

/** When it began and who spoke: a button, where it was recorded. */
function heading(part, base, sounds) {
  const shown = [make("span", { class: "at", textContent: clock(part.start) }), words("b", part.speaker)];
  const at = part.start + base;
  const sound = sounds.find(({ from, to }) => from <= at && at < to);
  if (!sound) return make("p", { class: "row" }, ...shown);
  const go = make("button", { type: "button" }, ...shown);
  go.addEventListener("click", () => {
    sound.player.currentTime = at - sound.from;
    sound.player.play();
  });
  return go;
}

function showFiles(title, lines) {
  const files = { srt: toSrt(lines), vtt: toVtt(lines), md: toMarkdown(title, lines) };
  for (const old of $("downloads").children) URL.revokeObjectURL(old.href);
  const loads = Object.entries(files).map(([end, text]) => {
    const href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    return make("a", { href, download: `${title}.${end}`, textContent: t(`after.${end}`) });
  });
  $("downloads").replaceChildren(...loads);
}
