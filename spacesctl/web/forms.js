// Forms that scripts send, and what is said of how it went.
import { busy } from "./dom.js";

/** What is wrong, for people: the sentence begins with a capital letter and ends with a full stop. */
export function sentence({ message }) {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
}

/** Do `work` when a form is sent: its button waits meanwhile, and what fails is said in `place`. */
export function onSubmit(form, place, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    place.textContent = "";
    const button = event.submitter ?? form.querySelector("button");
    busy(button, () => work(button), (error) => (place.textContent = sentence(error)));
  });
}

/** The handles in a text, however they are parted, each with its `@`. */
export function handlesIn(text) {
  return text.split(/[\s,;]+/).filter(Boolean).map((one) => (one.startsWith("@") ? one : `@${one}`));
}
