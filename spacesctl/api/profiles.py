"""Profiles and the feed: accounts with their Spaces and posts."""

from __future__ import annotations

from spacesctl.api.accounts import DescribedAccount
from spacesctl.api.posts import Post
from spacesctl.api.spaces import Space
from spacesctl.api.wire import Page


class Profile(DescribedAccount, frozen=True, kw_only=True):
    """An account, its live and scheduled Spaces, and its last posts."""

    followers: int
    following: int
    spaces: list[Space]
    posts: list[Post]


class Feed(Page[Post], frozen=True, kw_only=True):
    """Posts of the caller and of followed accounts, and on the first page their live and scheduled Spaces."""

    spaces: list[Space]
