// Elements, made in one way: what others wrote is text alone, never markup.

export const $ = (id) => document.getElementById(id);

/** An element with these properties and children. `class` and `data` are as in HTML. */
export function make(tag, { data = {}, class: className = "", ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (className) made.className = className;
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

/** What others wrote has a direction of its own, which turns nothing around it. */
export const words = (tag, text, className = "") => make(tag, { textContent: text, class: className, dir: "auto" });

/** A button that is off while its work is under way, so that nothing is asked twice. `fail` is told what went wrong. */
export function button(label, work, fail, properties = {}) {
  const made = make("button", { type: "button", textContent: label, ...properties });
  made.addEventListener("click", () => busy(made, work, fail));
  return made;
}

/** Do something once; the element is off until it is done. */
export async function busy(element, work, fail) {
  if (element.disabled) return;
  element.disabled = true;
  try {
    await work();
  } catch (error) {
    fail(error);
  } finally {
    element.disabled = false;
  }
}

/** The element that is there, if the new one is like it. A menu that somebody has opened stays open, whatever else changed. */
function same(before, one) {
  if (before?.querySelector("details[open]")) one.querySelector("details")?.setAttribute("open", "");
  return before?.isEqualNode(one) ? before : one;
}

/** Show children in place of those that are there; one with the same `data-key` and text stays, and with it the focus. */
export function show(list, children) {
  const before = new Map([...list.children].map((one) => [one.dataset.key, one]));
  const kept = children.map((one) => same(before.get(one.dataset.key), one));
  if (kept.length === list.children.length && kept.every((one, at) => one === list.children[at])) return;
  const focused = document.activeElement?.closest("[data-key]")?.dataset.key;
  const what = document.activeElement?.dataset.do;
  list.replaceChildren(...kept);
  if (focused && !list.contains(document.activeElement)) {
    const again = [...list.children].find((one) => one.dataset.key === focused);
    again?.querySelector(what ? `[data-do="${what}"]` : "button, a")?.focus();
  }
}
