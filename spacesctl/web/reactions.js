// Reactions: those of a second come as one event with counts, and are shown for a moment.

export const EMOJI = { raised_hand: "✋", wave: "👋", fist: "✊", victory: "✌", clap: "👏", hundred: "💯", heart: "❤", laugh: "😂" };
const SHOWN_FOR = 3000;
let gone = 0;

export function showReactions(place, counts) {
  const parts = Object.entries(counts).map(([name, count]) => `${EMOJI[name] ?? name}${count > 1 ? ` ${count}` : ""}`);
  place.textContent = parts.join("  ");
  clearTimeout(gone);
  gone = setTimeout(() => {
    place.textContent = "";
  }, SHOWN_FOR);
}
