// Who one is on this server. The cookie of a session goes with each request by itself, and no script can read it.

export const root = new URL("..", import.meta.url).pathname;

/** Ask the API; the answer's JSON. Throws an Error with `status`, `code`, `hint` and what is said. */
export async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(`${root}v1/${path}`, options);
  const text = await answer.text();
  const told = text && answer.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : null;
  if (answer.ok) return told;
  const { detail, code, hint } = told ?? {};
  throw Object.assign(new Error(detail ?? `the server answered ${answer.status}`), { status: answer.status, code, hint });
}

/** How one can sign in here, and who is signed in (`account`, or null). */
export const ways = () => ask("GET", "sign-in");

/** What stands behind the `#` of a link. It is taken out of the address and the history at once: it is a secret. */
export function taken(name) {
  const given = new URLSearchParams(location.hash.slice(1)).get(name);
  if (given !== null) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** Where somebody goes who has signed in: the page of ours from which they came. */
export function onward() {
  const to = new URLSearchParams(location.search).get("to") ?? "";
  return root + (/^(s\/[A-Za-z0-9]{13}|device)$/.test(to) ? to + location.hash : "account");
}

/** What is wrong, for people: the sentence begins with a capital letter and says what to do. */
export function sentence(error) {
  const text = error.hint ? `${error.message}: ${error.hint}` : error.message;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Do `work` when a form is sent: its button waits meanwhile, and what fails is said in `place`. */
export function onSubmit(form, place, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("button");
    button.disabled = true;
    place.textContent = "";
    try {
      await work();
    } catch (error) {
      place.textContent = sentence(error);
    } finally {
      button.disabled = false;
    }
  });
}
