// Every text of the page in the language of the browser, English where there is no other.
import english from "./english.js";
import german from "./german.js";

const LANGUAGES = { en: english, de: german };
const wanted = (navigator.languages ?? ["en"]).map((one) => one.split("-")[0]).find((one) => one in LANGUAGES) ?? "en";
const texts = LANGUAGES[wanted];
const plural = new Intl.PluralRules(wanted);

/** A text; `count` chooses its form. One that is missing shows its key. */
export function t(key, values = {}) {
  const found = texts[key] ?? english[key] ?? key;
  const text = Array.isArray(found) ? found[plural.select(values.count) === "one" ? 0 : 1] : found;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Seconds as they are read: at most one place behind the point. */
export const seconds = (number) => t("seconds", { count: (Math.round(number * 10) / 10).toLocaleString(wanted) });

/** Fill in all elements that name a text: `data-t` its content, `data-t-title` its title, `data-t-label` its accessible name. */
export function fill(place) {
  document.documentElement.lang = wanted;
  for (const one of place.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of place.querySelectorAll("[data-t-title]")) one.title = t(one.dataset.tTitle);
  for (const one of place.querySelectorAll("[data-t-label]")) one.setAttribute("aria-label", t(one.dataset.tLabel));
}
