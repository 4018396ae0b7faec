// The inbox: invitations, messages, and the posts of the people whom one follows.
import { ask, get, listed, root } from "./api.js";
import { moment, t } from "./catalogue.js";
import { $, button, make, show, words } from "./dom.js";
import { handlesIn, onSubmit } from "./forms.js";
import { postItem, written } from "./posts.js";
import { begin, fail, tell } from "./shell.js";
import { VoiceNote } from "./voice-note.js";

/** Messages of which the API takes note at once. */
const MOST_READ = 100;

function invitationItem(one) {
  const answer = (what) => async () => {
    await ask("POST", `spaces/${one.space_id}/${what}`);
    if (what === "accept" && one.space_state === "live") return location.assign(`${root}s/${one.space_id}`);
    await showInvitations();
  };
  const item = make("li", { data: { key: one.space_id } });
  item.append(make("a", { href: `${root}s/${one.space_id}`, class: "name" }, words("span", one.title)));
  const when = one.space_state === "live" ? t("state.live") : one.scheduled_start ? moment(one.scheduled_start) : t("state.scheduled");
  item.append(make("span", { class: "role", textContent: t("inbox.as", { handle: one.host.handle, role: t(`role.${one.role}`), when }) }));
  if (one.state !== "pending") item.append(make("span", { class: "role", textContent: t(`inbox.${one.state}`) }));
  else
    item.append(
      button(t("inbox.accept"), answer("accept"), fail, { class: "primary", data: { do: "accept" } }),
      button(t("invite.decline"), answer("decline"), fail, { data: { do: "decline" } }),
    );
  return item;
}

async function showInvitations() {
  const found = (await get("accounts/me/invites")).data.filter((one) => one.state !== "revoked");
  found.sort((one, other) => Number(other.state === "pending") - Number(one.state === "pending"));
  $("invitations-place").hidden = found.length === 0;
  show($("invitations"), found.map(invitationItem));
}

function messageItem(message) {
  const item = make("li", { data: { key: message.id }, class: message.unread ? "unread" : "" });
  if (message.unread) item.append(make("span", { class: "mark", textContent: t("inbox.unread") }));
  item.append(...written({ handle: message.by.handle, text: message.text, clip: message.clip, at: message.created_at }));
  const row = make("p", { class: "row" });
  if (message.space_id) row.append(make("a", { href: `${root}s/${message.space_id}`, textContent: t("inbox.space") }));
  if (message.kind === "message") row.append(button(t("inbox.reply"), () => replyTo(message.by.handle), fail, { class: "plain" }));
  if (row.childElementCount) item.append(row);
  return item;
}

function replyTo(handle) {
  $("write").open = true;
  $("to").value = handle;
  $("text").focus();
}

/** Shown is read: the next visit marks them no more. */
async function showMessages() {
  const found = await listed("dms", 1);
  show($("messages"), found.map(messageItem));
  $("messages-none").hidden = found.length > 0;
  const unread = found.filter((one) => one.unread).map((one) => one.id);
  if (unread.length) await ask("POST", "dms/read", { ids: unread.slice(0, MOST_READ) });
}

const note = new VoiceNote($("note"), fail);

onSubmit($("write-form"), $("message"), async () => {
  const [to] = handlesIn($("to").value);
  const clip = await note.clip();
  await ask("POST", "dms", { to, text: $("text").value, ...(clip && { clip }) });
  $("write-form").reset();
  note.clear();
  tell(t("inbox.sent", { handle: to }));
});

begin(
  async () => {
    await showInvitations();
    await showMessages();
    const posts = (await get("feed")).data;
    show($("posts"), posts.map(postItem));
    $("posts-none").hidden = posts.length > 0;
  },
  { needsAccount: true },
);
