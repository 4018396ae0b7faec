"""X's format, for programs made for X's API v2: only the requested fields are there, and empty ones are left out."""

from __future__ import annotations

from spacesctl.api.wire import UNSET, Answer, Time, UnsetType


class XSpace(Answer, frozen=True, kw_only=True):
    """A Space in X's format."""

    id: str
    state: str
    created_at: Time | UnsetType = UNSET
    creator_id: str | UnsetType = UNSET
    ended_at: Time | UnsetType = UNSET
    host_ids: list[str] | UnsetType = UNSET
    invited_user_ids: list[str] | UnsetType = UNSET
    is_ticketed: bool | UnsetType = UNSET
    lang: str | UnsetType = UNSET
    participant_count: int | UnsetType = UNSET
    scheduled_start: Time | UnsetType = UNSET
    speaker_ids: list[str] | UnsetType = UNSET
    started_at: Time | UnsetType = UNSET
    subscriber_count: int | UnsetType = UNSET
    title: str | UnsetType = UNSET
    topic_ids: list[str] | UnsetType = UNSET
    updated_at: Time | UnsetType = UNSET


class XUserMetrics(Answer, frozen=True, kw_only=True):
    """Counts of a user."""

    followers_count: int
    following_count: int
    listed_count: int
    tweet_count: int
    post_count: int


class XUser(Answer, frozen=True, kw_only=True):
    """A user in X's format."""

    id: str
    name: str
    username: str
    created_at: Time | UnsetType = UNSET
    description: str | UnsetType = UNSET
    protected: bool | UnsetType = UNSET
    verified: bool | UnsetType = UNSET
    verified_type: str | UnsetType = UNSET
    public_metrics: XUserMetrics | UnsetType = UNSET


class XTopic(Answer, frozen=True, kw_only=True):
    """A topic in X's format."""

    id: str
    name: str
    description: str | UnsetType = UNSET


class XPostMetrics(Answer, frozen=True, kw_only=True):
    """Counts of a post, which this server does not have."""

    retweet_count: int = 0
    repost_count: int = 0
    reply_count: int = 0
    like_count: int = 0
    quote_count: int = 0
    bookmark_count: int = 0
    impression_count: int = 0


class XPost(Answer, frozen=True, kw_only=True):
    """A post in X's format. Fields that X renamed have both names."""

    id: str
    text: str
    edit_history_tweet_ids: list[str]
    edit_history_post_ids: list[str]
    author_id: str | UnsetType = UNSET
    conversation_id: str | UnsetType = UNSET
    created_at: Time | UnsetType = UNSET
    lang: str | UnsetType = UNSET
    possibly_sensitive: bool | UnsetType = UNSET
    public_metrics: XPostMetrics | UnsetType = UNSET
    reply_settings: str | UnsetType = UNSET


class XIncludes(Answer, frozen=True, kw_only=True):
    """What the requested expansions name, each once."""

    users: list[XUser] | UnsetType = UNSET
    topics: list[XTopic] | UnsetType = UNSET


class XMissing(Answer, frozen=True, kw_only=True):
    """One of several requested things that the answer does not have."""

    value: str
    detail: str
    title: str
    resource_type: str
    parameter: str
    resource_id: str
    type: str


class XMeta(Answer, frozen=True, kw_only=True):
    """How many things the answer has."""

    result_count: int
    next_token: str | UnsetType = UNSET


class XSpaces(Answer, frozen=True, kw_only=True):
    """Spaces."""

    data: list[XSpace] | UnsetType = UNSET
    includes: XIncludes | UnsetType = UNSET
    errors: list[XMissing] | UnsetType = UNSET
    meta: XMeta | UnsetType = UNSET


class XOneSpace(Answer, frozen=True, kw_only=True):
    """One Space, or the error that says why not."""

    data: XSpace | UnsetType = UNSET
    includes: XIncludes | UnsetType = UNSET
    errors: list[XMissing] | UnsetType = UNSET


class XPosts(Answer, frozen=True, kw_only=True):
    """Posts."""

    data: list[XPost] | UnsetType = UNSET
    includes: XIncludes | UnsetType = UNSET
    errors: list[XMissing] | UnsetType = UNSET
    meta: XMeta | UnsetType = UNSET


class XBadParameter(Answer, frozen=True, kw_only=True):
    """A parameter that is not valid."""

    parameters: dict[str, list[str]]
    message: str


class XInvalid(Answer, frozen=True, kw_only=True):
    """The answer to a request with a parameter that is not valid."""

    errors: list[XBadParameter]
    title: str
    detail: str
    type: str


class XProblem(Answer, frozen=True, kw_only=True):
    """Another error."""

    title: str
    type: str
    status: int
    detail: str
