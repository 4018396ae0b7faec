// Captions as files: SubRip, WebVTT and Markdown. Times are seconds of the sound that they belong to.

const two = (number) => String(Math.floor(number)).padStart(2, "0");

/** `1:02:03`, or `2:03`. */
export function clock(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function exact(seconds, point) {
  const milliseconds = Math.round(seconds * 1000);
  const whole = milliseconds / 1000;
  return `${two(whole / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}${point}${String(milliseconds % 1000).padStart(3, "0")}`;
}

const cues = (lines, point) => lines.map((one) => `${exact(one.start, point)} --> ${exact(one.end, point)}`);

/** `lines`, `{start, end, speaker, text}`, on a clock that began `late` seconds later; without what was said before. */
export function shifted(lines, late) {
  const moved = lines.map((one) => ({ ...one, start: Math.max(0, one.start - late), end: one.end - late }));
  return moved.filter((one) => one.end > 0);
}

export function toSrt(lines) {
  const times = cues(lines, ",");
  return lines.map((one, at) => `${at + 1}\n${times[at]}\n${one.speaker}: ${one.text}\n`).join("\n");
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export function toVtt(lines) {
  const times = cues(lines, ".");
  return `WEBVTT\n\n${lines.map((one, at) => `${times[at]}\n<v ${escaped(one.speaker)}>${escaped(one.text)}\n`).join("\n")}`;
}

export function toMarkdown(title, lines) {
  const plain = (text) => text.replace(/[\\`*_[\]<>#|]/g, "\\$&");
  const parts = chaptersOf(lines).map((one) => `**${plain(one.speaker)}** (${clock(one.start)}): ${plain(one.lines.map((line) => line.text).join(" "))}\n`);
  return `# ${plain(title)}\n\n${parts.join("\n")}`;
}

/** What one person says until somebody else does: `{start, speaker, lines}`. */
export function chaptersOf(lines) {
  const found = [];
  for (const line of lines) {
    if (found.at(-1)?.speaker !== line.speaker) found.push({ start: line.start, speaker: line.speaker, lines: [] });
    found.at(-1).lines.push(line);
  }
  return found;
}

/** How much of what was said each speaker said: `[speaker, share]`, the most first; shares are 0 to 1. */
export function sharesOf(lines) {
  const said = new Map();
  for (const one of lines) said.set(one.speaker, (said.get(one.speaker) ?? 0) + one.end - one.start);
  const all = [...said.values()].reduce((sum, one) => sum + one, 0);
  return [...said].map(([speaker, one]) => [speaker, all ? one / all : 0]).sort((one, other) => other[1] - one[1]);
}
