// The API as all pages ask it: one way to ask, one form of errors, one place for who asks.

/** Below whatever path the server is reached by. */
export const root = new URL("..", import.meta.url).pathname;
export const spaceId = decodeURIComponent(location.pathname.split("/").pop());
export const place = `${root}v1/spaces/${encodeURIComponent(spaceId)}`;

let token = null;

/** A token that somebody typed; without one the browser's session counts. It is kept in this page alone. */
export const typed = { get: () => token, set: (given) => (token = given), forget: () => (token = null) };

/** A request that failed: `status`, `code` and `retryAfter` (seconds) of its problem document; 0 when no answer came. */
export class Problem extends Error {
  constructor(status, { detail, hint, code, reason, retry_after: retryAfter } = {}) {
    super([detail ?? `the server answered ${status}`, hint].filter(Boolean).join(" – "));
    Object.assign(this, { status, code, reason, retryAfter });
  }

  /** Whether the same may work a little later. */
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** A path below `/v1/`, as in `accounts/me`, or a whole one. */
const whole = (path) => (path.startsWith("/") ? path : `${root}v1/${path}`);

/** The answer to a request. Raises Problem. */
export async function answerTo(method, path, { body, type, keepalive = false, signal } = {}) {
  const headers = { Accept: "application/json, */*" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = type ?? "application/json";
  const sent = body === undefined || type ? body : JSON.stringify(body);
  const answer = await fetch(whole(path), { method, headers, body: sent, keepalive, signal }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: error.message });
  });
  if (answer.ok) return answer;
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}

/** The body of the answer to a request; null when it has none. */
export async function ask(method, path, body) {
  const answer = await answerTo(method, path, { body });
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

export const get = (path) => ask("GET", path);

/** What is on the pages of a list, up to so many of them. */
export async function listed(path, most = 5) {
  const found = [];
  let next = null;
  for (let page = 0; page < most && (page === 0 || next); page += 1) {
    const part = await get(next ? `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(next)}` : path);
    found.push(...part.data);
    next = part.next;
  }
  return found;
}

/** Who one is; null without a session or a token. A wrong token is forgotten at once. */
export async function whoAmI() {
  try {
    return await get("accounts/me");
  } catch (error) {
    if (error.status === 401 || error.status === 403) typed.forget();
    throw error;
  }
}
