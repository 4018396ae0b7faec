// The navigation that all pages share: what it offers depends on who reads.
import { get, root } from "./api.js";
import { t } from "./catalogue.js";
import { $ } from "./dom.js";

/** Show the ways that `me` has; null for nobody. */
export function showNav(me) {
  for (const one of document.querySelectorAll("[data-for]")) one.hidden = (one.dataset.for === "account") !== Boolean(me);
}

/** How many messages wait, behind the word. */
export async function showUnread() {
  const { data, next } = await get("dms?unread=true");
  if (data.length) $("nav-inbox").textContent = t("nav.inbox.unread", { count: next ? `${data.length}+` : data.length });
}

/** The page of an account. */
export const pageOf = (handle) => `${root}${handle}`;
