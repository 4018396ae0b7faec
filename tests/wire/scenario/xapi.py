"""What programs written for X's API v2 read, in its format; also its refusals."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.wire import Wire

FIELDS = (
    "created_at,creator_id,ended_at,host_ids,id,invited_user_ids,is_ticketed,lang,participant_count,scheduled_start,"
    "speaker_ids,started_at,state,subscriber_count,title,topic_ids,updated_at"
)
USERS = "created_at,description,id,name,public_metrics,username,verified,url"


async def play(wire: Wire) -> None:
    host, ann = wire.people["host"], wire.people["ann"]
    tea, room = drive.id_of(wire.spaces["tea"]), drive.id_of(wire.spaces["room"])
    await ann.ok("GET", f"/2/spaces/{tea}")
    every = "creator_id,host_ids,invited_user_ids,speaker_ids,topic_ids"
    await host.ok("GET", f"/2/spaces/{tea}?space.fields={FIELDS}&expansions={every}&user.fields={USERS}")
    await ann.ok("GET", f"/2/spaces?ids={tea},{room},AAAAAAAAAAAAA&space.fields=title")
    await ann.ok("GET", "/2/spaces/AAAAAAAAAAAAA")
    await wire.people["foe"].ok("GET", f"/2/spaces/{room}")
    await ann.ok("GET", f"/2/spaces/by/creator_ids?user_ids={host.id},1&space.fields=title")
    await ann.ok("GET", "/2/spaces/search?query=tea&space.fields=title,topic_ids&expansions=topic_ids")
    await ann.ok("GET", "/2/spaces/search?query=nothing")
    posts = f"/2/spaces/{tea}/tweets"
    await ann.ok("GET", f"{posts}?tweet.fields=created_at,author_id&expansions=author_id&user.fields={USERS}")
    await ann.ok("GET", f"{posts}?max_results=1")
    await ann.ok("GET", f"/2/spaces/{tea}/buyers")
    await ann.ok("GET", "/2/spaces?ids=%2B", status=400)
    await ann.ok("GET", "/2/spaces", status=400)
    await wire.nobody.ok("GET", f"/2/spaces/{tea}", status=401)
