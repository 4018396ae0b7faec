"""The command tree: flat verbs for Spaces, nouns for the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from spacesctl import __version__
from spacesctl.cli import (
    accounts,
    backup,
    bench,
    calendar,
    captions,
    completion,
    demo,
    doctor,
    feed,
    messages,
    models,
    moderation,
    notifications,
    options,
    people,
    posts,
    profile,
    recordings,
    sanctions,
    schedule,
    serve,
    sound,
    spaces,
    watch,
    webhook,
)
from spacesctl.cli.common import Session
from spacesctl.cli.output import say

app = typer.Typer(
    help="Live audio rooms that anyone can host and moderate from a terminal.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"spacesctl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    url: Annotated[
        str | None, typer.Option(help="The server's URL. Default: SPACESCTL_URL, .env, or the profile.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = Session(url)


_VERBS: dict[str, Callable[..., None]] = {
    "serve": serve.serve,
    "backup": backup.backup,
    "restore": backup.restore,
    "demo": demo.demo,
    "completion": completion.completion,
    "doctor": doctor.doctor,
    "create": spaces.create,
    "list": spaces.list_spaces,
    "remind": schedule.remind,
    "show": spaces.show,
    "edit": spaces.edit,
    "start": spaces.start,
    "end": spaces.end,
    "cancel": spaces.cancel,
    "invite": messages.invite,
    "inbox": messages.inbox,
    "accept": messages.accept,
    "decline": messages.decline,
    "uninvite": messages.uninvite,
    "dm": messages.dm,
    "policy": spaces.policy,
    "people": people.people,
    "raise": people.raise_hand,
    "hands": people.hands,
    "approve": people.approve,
    "deny": people.deny,
    "mute": sanctions.mute,
    "unmute": sanctions.unmute,
    "promote": people.promote,
    "demote": sanctions.demote,
    "kick": sanctions.kick,
    "undo": sanctions.undo,
    "sanctions": sanctions.sanctions,
    "block": accounts.block,
    "unblock": accounts.unblock,
    "report": moderation.report,
    "speak": sound.speak,
    "listen": sound.listen,
    "captions": captions.captions,
    "watch": watch.watch,
    "react": spaces.react,
    "share": posts.share,
    "post": posts.post,
    "play": posts.play,
    "feed": feed.feed,
    "calendar": calendar.calendar,
    "follow": accounts.follow,
    "unfollow": accounts.unfollow,
}
for _name, _command in _VERBS.items():
    app.command(_name)(_command)

app.add_typer(accounts.account, name="account")
app.add_typer(profile.profile, name="profile")
app.add_typer(bench.bench, name="bench")
app.add_typer(schedule.schedule, name="schedule")
app.add_typer(moderation.reports, name="reports")
app.add_typer(moderation.rules, name="rules")
app.add_typer(moderation.audit, name="audit")
app.add_typer(models.models, name="models")
app.add_typer(doctor.config, name="config")
app.add_typer(recordings.record, name="record")
app.add_typer(recordings.recordings, name="recordings")
app.add_typer(webhook.webhook, name="webhook")
app.add_typer(notifications.notifications, name="notifications")

options.install(app)
