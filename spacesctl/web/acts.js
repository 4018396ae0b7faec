// What one may do about somebody, each asked for in words and done by the API.
import { ask, place, spaceId } from "./api.js";
import { t } from "./catalogue.js";
import { question } from "./dialogs.js";

const RANK = { host: 3, cohost: 2, speaker: 1, listener: 0, visitor: 0 };
const CATEGORIES = [
  "abuse", "violence", "sexual_content", "self_harm", "child_safety", "private_information", "spam", "other",
]; // prettier-ignore
const REASON = () => ({ name: "reason", label: t("label.reason") });

/** The names of the acts that `seat` offers about `person`, in the order in which they are shown. */
export function actsOn(person, seat, isMe) {
  if (isMe) return [];
  const mine = seat.role === "visitor" ? [] : ["report", "block", "follow"];
  if (!seat.isStaff || RANK[seat.role] <= RANK[person.role]) return mine;
  const stage = [];
  if (person.role === "listener") stage.push("invite");
  else stage.push(person.muted ? "unmute" : "mute", "demote");
  if (seat.isHost && person.role === "speaker") stage.push("promote");
  if (seat.isHost && person.role === "cohost") stage.push("host");
  return [...stage, "warn", "kick", ...mine];
}

/** Do one; a sentence for who did it, or null when it was cancelled. */
export async function act(name, person) {
  const title = `${t(`act.${name}`)}: ${person.handle}`;
  const about = `${place}/people/${person.id}`;
  switch (name) {
    case "unmute":
    case "promote":
      return said(name, person, await ask("POST", `${about}/${name}`));
    case "host":
      return (await question(title, t("act.host.what"))) && said(name, person, await ask("POST", `${about}/host`));
    case "mute":
    case "demote":
    case "warn":
    case "kick": {
      const given = await question(title, name === "kick" ? t("act.kick.what") : "", [REASON()], t(`act.${name}`));
      return given && said(name, person, await ask("POST", `${about}/${name}`, { reason: given.reason }));
    }
    case "invite":
      return said(name, person, await ask("POST", `${place}/invites`, { handles: [person.handle] }));
    case "follow":
      return said(name, person, await ask("PUT", `accounts/me/following/${person.id}`));
    case "block":
      return (
        (await question(title, t("act.block.what"), [], t("act.block"))) &&
        said(name, person, await ask("PUT", `accounts/me/blocks/${person.id}`, {}))
      );
    case "report":
      return report(title, person);
  }
}

const said = (name, person) => `${t(`act.${name}`)}: ${person.handle}`;

async function report(title, person) {
  const options = CATEGORIES.map((one) => [one, t(`category.${one}`)]);
  const fields = [
    { name: "category", label: t("label.category"), kind: "choice", options },
    { name: "note", label: t("label.note"), kind: "long", most: 2000 },
  ];
  const given = await question(title, t("act.report.what"), fields, t("act.report"));
  if (!given) return null;
  await ask("POST", "reports", { space_id: spaceId, account: person.id, ...given });
  return t("report.sent");
}
