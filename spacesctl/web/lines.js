// Lines of the lists in the settings: what it is, and what can be done about it.
import { button, make, words } from "./dom.js";
import { fail } from "./shell.js";

/** A line; each of `ends` is what a button says and does: `{text, work}`. */
export function line(key, text, ...ends) {
  const item = make("li", { data: { key } }, words("p", text, "about"));
  if (ends.length) item.append(make("p", { class: "row" }, ...ends.map((one) => button(one.text, one.work, fail, { class: "plain" }))));
  return item;
}
