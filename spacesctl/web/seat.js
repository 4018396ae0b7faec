// What one is in the Space, from what the server says alone; and the text that says it.
import { t } from "./catalogue.js";

const STAFF = ["host", "cohost"];

/** `view` as of room.js, `me` as the API tells one's place, `account` who one is (null: nobody knows). */
export function seatOf(view, me, account) {
  if (!account || !me) return { role: "visitor", isStaff: false, onStage: false, maySpeak: false, hand: null, invited: false };
  const person = view.people[account.id];
  const role = person?.role ?? "listener";
  const muted = person?.muted ?? false;
  const onStage = role !== "listener";
  const live = view.state === "live";
  return {
    role,
    muted,
    onStage,
    isStaff: STAFF.includes(role),
    isHost: role === "host",
    maySpeak: live && onStage && !muted,
    hand: onStage ? null : me.hand,
    invited: live && !onStage && me.invite === "pending",
    barred: me.barred,
  };
}

/** One sentence: what one is, or why one is not heard. `why` is the newest sanction on one that counts, if it is known. */
export function seatText(seat, why) {
  if (seat.barred) return t("place.barred");
  if (seat.role === "visitor") return t("place.visitor");
  if (seat.muted) return why?.action === "mute" ? because("muted.by", why) : t("muted.plain");
  if (seat.hand) return t("hand.position", { position: seat.hand });
  if (seat.role === "listener" && why?.action === "demote") return because("place.demoted", why);
  return t(`place.${seat.role}`);
}

/** What was done, by whom and, if that was said, why. */
export function because(key, sanction) {
  const by = sanction.by?.account?.handle ?? sanction.by?.handle ?? sanction.host?.handle ?? t("somebody");
  const what = t(key, { by });
  return sanction.reason ? t("why", { what, reason: sanction.reason }) : what;
}
