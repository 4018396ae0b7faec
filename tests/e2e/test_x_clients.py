"""X's own Python client and tweepy read the Spaces of this server, unchanged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
import tweepy
import xdk

from tests.running import RunningServer, running_server


class Stage:
    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.host, self.ann = server.account("host"), server.account("ann")
        with server.client(self.host["token"]) as api:
            body = {"title": "Office hours", "topics": ["care"], "start": True}
            self.live = api.post("/v1/spaces", body)
            self.later = api.post("/v1/spaces", {"title": "Office party", "scheduled_start": "2099-01-01T00:00:00Z"})
            self.posts = [api.post("/v1/posts", {"text": f"post {n}"})["id"] for n in range(3)]
            for post in self.posts:
                api.post(f"/v1/spaces/{self.live['id']}/pins", {"post": post})


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_server(tmp_path_factory.mktemp("x") / "data", "--no-bots") as server:
        yield Stage(server)


class ToThisServer(requests.adapters.HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace("https://api.twitter.com", self.url)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def tweeps(stage: Stage) -> Iterator[tweepy.Client]:
    logging.getLogger("tweepy").setLevel(logging.INFO)
    client = tweepy.Client(stage.ann["token"])
    client.session.mount("https://api.twitter.com", ToThisServer(stage.server.url))
    yield client
    client.session.close()


@pytest.fixture
def x(stage: Stage) -> Iterator[xdk.Client]:
    client = xdk.Client(base_url=stage.server.url, access_token=stage.ann["token"])
    yield client
    client.session.close()


def test_tweepy_looks_up_searches_and_expands(stage: Stage, tweeps: tweepy.Client) -> None:
    fields = ["title", "created_at", "started_at", "host_ids", "creator_id", "participant_count", "topic_ids"]
    found = tweeps.get_space(stage.live["id"], space_fields=fields, expansions=["host_ids"], user_fields=["created_at"])
    assert (found.data.title, found.data.state) == ("Office hours", "live")
    assert isinstance(found.data.started_at, datetime)
    assert found.data.creator_id == int(stage.host["id"])
    assert [user.username for user in found.includes["users"]] == ["host"]
    several = tweeps.get_spaces(ids=[stage.live["id"], "AAAAAAAAAAAAA"])
    assert [space.id for space in several.data] == [stage.live["id"]]
    assert several.errors[0]["resource_id"] == "AAAAAAAAAAAAA"
    assert len(tweeps.get_spaces(user_ids=[stage.host["id"]]).data) == 2
    assert [one.id for one in tweeps.search_spaces("office", state="scheduled").data] == [stage.later["id"]]


def test_tweepy_reads_shared_posts_and_buyers(stage: Stage, tweeps: tweepy.Client) -> None:
    shared = tweeps.get_space_tweets(stage.live["id"], tweet_fields=["author_id", "created_at"], expansions="author_id")
    assert [str(tweet.id) for tweet in shared.data] == stage.posts
    assert shared.data[0].author_id == int(stage.host["id"])
    assert tweeps.get_space_buyers(stage.live["id"]).data is None


def test_tweepy_raises_its_own_errors(stage: Stage, tweeps: tweepy.Client) -> None:
    with pytest.raises(tweepy.BadRequest):
        tweeps.search_spaces("")
    wrong = tweepy.Client("spx_wrong")
    wrong.session.mount("https://api.twitter.com", ToThisServer(stage.server.url))
    with wrong.session, pytest.raises(tweepy.Unauthorized):
        wrong.get_space(stage.live["id"])


def test_the_xdk_looks_up_searches_and_expands(stage: Stage, x: xdk.Client) -> None:
    found = x.spaces.get_by_id(
        stage.live["id"], space_fields=["title", "started_at"], expansions=["creator_id", "topic_ids"]
    )
    assert (found.data.title, found.data.creator_id, found.data.topic_ids) == (
        "Office hours",
        stage.host["id"],
        ["care"],
    )
    assert [user.username for user in found.includes.users] == ["host"]
    assert [topic.name for topic in found.includes.topics] == ["care"]
    several = x.spaces.get_by_ids([stage.live["id"], "AAAAAAAAAAAAA"])
    assert [error.resource_id for error in several.errors] == ["AAAAAAAAAAAAA"]
    assert len(x.spaces.get_by_creator_ids([stage.host["id"]]).data) == 2
    assert [one.id for one in x.spaces.search("party").data] == [stage.later["id"]]


def test_the_xdk_pages_through_shared_posts(stage: Stage, x: xdk.Client) -> None:
    pages = list(x.spaces.get_posts(stage.live["id"], max_results=2, post_fields=["created_at"]))
    assert [[post.id for post in page.data] for page in pages] == [stage.posts[:2], stage.posts[2:]]
    assert pages[0].data[0].edit_history_post_ids == [stage.posts[0]]
    [none] = x.spaces.get_buyers(stage.live["id"])
    assert (none.data, none.meta.result_count) == (None, 0)
