"""`config show`: the settings in force."""

from __future__ import annotations

from typing import Annotated

import typer

from spacesctl.cli.common import Json, Session
from spacesctl.cli.doctor import Config
from spacesctl.cli.output import emit_json, table


def show(
    ctx: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Also where each value comes from.")] = False,
    config_file: Config = None,
    as_json: Json = False,
) -> None:
    """Show every setting in force, of this command line and of a server started in this folder."""
    from spacesctl.cli.answers import SettingInForce
    from spacesctl.client import profile
    from spacesctl.server.process.setting_origins import origins

    session = ctx.ensure_object(Session)
    found, places = session.profile(), profile.origins(session.url)
    rows = [
        SettingInForce(name="url", value=found.url, origin=places["url"]),
        # Only whether there is a token; it is secret.
        SettingInForce(name="token", value="set" if found.token else None, origin=places["token"]),
    ]
    rows += [
        SettingInForce(name=f"serve.{one.name}", value=one.value, origin=one.origin) for one in origins(config_file)
    ]
    if as_json:
        emit_json(rows)
    elif origin:
        table(("SETTING", "VALUE", "FROM"), [(one.name, one.value, one.origin) for one in rows], empty="none")
    else:
        table(("SETTING", "VALUE"), [(one.name, one.value) for one in rows], empty="none")
