// Posts and messages: others' words, and their voices.
import { root } from "./api.js";
import { moment, seconds, t } from "./catalogue.js";
import { make, words } from "./dom.js";
import { pageOf } from "./nav.js";

/** A voice clip with the browser's own player. */
export function player(clip, handle) {
  const sound = make("audio", { controls: true, preload: "metadata", src: root + clip.url.slice(1) }); // so that its length is shown
  sound.setAttribute("aria-label", t("clip.label", { handle, seconds: seconds(Math.round(clip.duration_ms / 1000)) }));
  return sound;
}

/** Who wrote it and when, what, and the clip. */
export function written({ handle, text, clip, at }) {
  const by = make("p", {}, make("a", { href: pageOf(handle), textContent: handle, class: "name" }), " ", make("span", { textContent: moment(at), class: "where" }));
  const parts = [by];
  if (text) parts.push(words("p", text, "words"));
  if (clip) parts.push(player(clip, handle));
  return parts;
}

export function postItem(post) {
  const { author, text, clip, created_at: at } = post;
  return make("li", { data: { key: post.id } }, ...written({ handle: author.handle, text, clip, at }));
}
