// Every text of the pages in the language of the browser, English where there is no other. Only that language is loaded.
const LANGUAGES = ["en", "de"];
const NAMES = { en: "english", de: "german" };
const wanted = (navigator.languages ?? ["en"]).map((one) => one.split("-")[0]).find((one) => LANGUAGES.includes(one)) ?? "en";
const parts = await Promise.all([import(`./${NAMES[wanted]}.js`), import(`./${NAMES[wanted]}-pages.js`)]);
const texts = Object.assign({}, ...parts.map((one) => one.default));
const plural = new Intl.PluralRules(wanted);

/** A text; `count` chooses its form. One that is missing shows its key. */
export function t(key, values = {}) {
  const found = texts[key] ?? key;
  const text = Array.isArray(found) ? found[plural.select(values.count) === "one" ? 0 : 1] : found;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Whether there is such a text: for names that the server may have more of. */
export const has = (key) => Object.hasOwn(texts, key);

/** Seconds as they are read: at most one place behind the point. */
export const seconds = (number) => t("seconds", { count: (Math.round(number * 10) / 10).toLocaleString(wanted) });

const form = (options) => new Intl.DateTimeFormat(navigator.languages ?? wanted, options);
const SHORT = form({ dateStyle: "medium", timeStyle: "short" });
const DAY = form({ dateStyle: "medium" });

/** A time of the API as it is read here, in local time. */
export const moment = (time) => SHORT.format(new Date(time));
export const day = (time) => DAY.format(new Date(time));

/** `3 days`: a number with its unit, one of those that Intl.NumberFormat knows. */
export const unit = (number, name) => new Intl.NumberFormat(wanted, { style: "unit", unit: name, unitDisplay: "long" }).format(number);
export const percent = (share) => new Intl.NumberFormat(wanted, { style: "percent" }).format(share);

/** Fill in all elements that name a text: `data-t` its content, `data-t-title` its title, `data-t-label` its accessible name,
 * `data-t-hint` what stands in an empty field. */
export function fill(place) {
  document.documentElement.lang = wanted;
  for (const one of place.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of place.querySelectorAll("[data-t-title]")) one.title = t(one.dataset.tTitle);
  for (const one of place.querySelectorAll("[data-t-label]")) one.setAttribute("aria-label", t(one.dataset.tLabel));
  for (const one of place.querySelectorAll("[data-t-hint]")) one.placeholder = t(one.dataset.tHint);
}
