// A Space as lists show it: one card, that leads to its page.
import { root } from "./api.js";
import { moment, t } from "./catalogue.js";
import { make, words } from "./dom.js";
import { pageOf } from "./nav.js";

/** A card. `mark` says why it stands here; `more` is what else there is below it. */
export function spaceCard(space, { mark = "", more = [] } = {}) {
  const live = space.state === "live";
  const name = make("a", { href: `${root}s/${space.id}`, class: "name" }, words("span", space.title));
  const host = make("a", { href: pageOf(space.host.handle), textContent: space.host.handle });
  const marks = make("p", { class: "marks" }, make("span", { textContent: when(space), class: live ? "state live" : "state" }));
  if (mark) marks.append(make("span", { textContent: mark, class: "mark" }));
  if (space.recording) marks.append(make("span", { textContent: t("rec"), title: t("rec.title"), class: "rec" }));
  const about = make("p", { class: "about" }, words("bdi", space.host.name), " ", host);
  if (live) about.append(` · ${t("count", { count: space.participant_count })}`);
  if (space.listeners !== "everyone") about.append(` · ${t("new.listeners.accounts")}`);
  const card = make("li", { data: { key: space.id } }, marks, name, about);
  if (space.topic_ids.length) card.append(words("p", space.topic_ids.join(" · "), "about"));
  card.append(...more);
  return card;
}

/** Live, or when it begins. */
function when(space) {
  if (space.state === "live") return t("state.live");
  return space.scheduled_start ? moment(space.scheduled_start) : t("state.scheduled");
}

/** The live first, then those that begin sooner; one without a time comes last. */
export function inTime(one, other) {
  if (one.state !== other.state) return one.state === "live" ? -1 : 1;
  return (one.scheduled_start ?? "9").localeCompare(other.scheduled_start ?? "9");
}
