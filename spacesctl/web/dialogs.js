// Questions: a dialog that closes by Escape, gives the focus back, and answers with what was filled in.
import { t } from "./catalogue.js";
import { make, words } from "./dom.js";

/** Ask for some fields, `{name, label, kind: "text" | "long" | "choice" | "check", options, most}`. What was given; null when it was cancelled.
 * `what` says what will happen. */
export function question(title, what, fields = [], ok = t("button.ok")) {
  const form = make("form", { method: "dialog" });
  const given = new Map(fields.map((field) => [field.name, input(field)]));
  const cancel = make("button", { type: "submit", value: "", textContent: t("button.cancel"), formNoValidate: true });
  const sure = make("button", { type: "submit", value: "ok", textContent: ok, class: "primary" });
  form.append(words("h2", title));
  if (what) form.append(words("p", what));
  for (const field of fields) form.append(labelled(field, given.get(field.name)));
  form.append(make("p", { class: "row" }, sure, cancel));
  const dialog = make("dialog", {}, form);
  dialog.setAttribute("aria-label", title);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue !== "ok") return resolve(null);
      resolve(Object.fromEntries([...given].map(([name, one]) => [name, one.type === "checkbox" ? one.checked : one.value.trim()])));
    });
  });
}

function labelled({ label, kind }, field) {
  const name = make("span", { textContent: label });
  return kind === "check" ? make("label", { class: "agree" }, field, name) : make("label", {}, name, field);
}

function input({ kind = "text", options = [], most = 280, required = false }) {
  if (kind === "check") return make("input", { type: "checkbox" });
  if (kind === "choice") return make("select", {}, ...options.map(([value, text]) => make("option", { value, textContent: text })));
  if (kind === "long") return make("textarea", { rows: 3, maxLength: most, required });
  return make("input", { type: "text", maxLength: most, required, autocomplete: "off" });
}
