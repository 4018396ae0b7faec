// What is shared into the Space: posts, with their voice clips, and links. All of it is others' words: text only, never markup.
import { seconds, t } from "./catalogue.js";

/** Show `pins`, newest first. A pin that was there stays the same element: a clip that plays goes on playing. */
export function showPins(list, pins, root) {
  const shown = new Map([...list.children].map((item) => [item.dataset.pin, item]));
  list.replaceChildren(...pins.map((pin) => shown.get(pin.id) ?? item(pin, root)));
}

function item(pin, root) {
  const made = document.createElement("li");
  made.dataset.pin = pin.id;
  made.append(...(pin.post ? post(pin.post, root) : link(pin)));
  made.append(part("p", t("shared.by", { handle: pin.by.handle }), "quiet"));
  return made;
}

function post(found, root) {
  const parts = [part("p", found.author.handle, "name"), words("p", found.text, "words")];
  if (found.clip) {
    const sound = document.createElement("audio");
    sound.controls = true;
    sound.preload = "metadata"; // so that its length is shown
    sound.src = root + found.clip.url.slice(1);
    sound.setAttribute("aria-label", t("clip.label", { handle: found.author.handle, seconds: seconds(Math.round(found.clip.duration_ms / 1000)) }));
    parts.push(sound);
  }
  return parts;
}

function link(pin) {
  const anchor = words("a", pin.title, "name");
  anchor.href = pin.url;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer nofollow";
  // Where it leads is always said: a title can claim anything.
  return [anchor, part("p", new URL(pin.url).host, "where")];
}

/** What others wrote, with a direction of its own, which turns nothing around it. */
function words(tag, content, className) {
  const made = part(tag, content, className);
  made.dir = "auto";
  return made;
}

function part(tag, content, className) {
  const made = document.createElement(tag);
  made.textContent = content;
  made.className = className;
  return made;
}
