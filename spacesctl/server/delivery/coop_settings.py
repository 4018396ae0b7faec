"""The settings table `[coop]`: a Coop (ROOST's review console) that gets this server's reports and appeals, and decides on them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import CATEGORIES
from spacesctl.server.delivery.coop_signature import Verifier
from spacesctl.server.delivery.safe_http import check_url

_NEEDED: Final = ("api_key", "public_key", "report_type", "space_type", "user_type", "uphold", "dismiss")
Id = Annotated[str, Field(max_length=100)]


def _of_categories(policies: dict[str, str]) -> dict[str, str]:
    for category in policies:
        if category not in CATEGORIES:
            raise ValueError(f"{category} is not one of {', '.join(CATEGORIES)}")
    return policies


class Coop(BaseModel):
    """`report_type`, `space_type` and `user_type` are ids of Coop's item types, `uphold` and `dismiss` of its actions, `policies` of its
    policies by our categories. `public_key` is the key that its callbacks are verified with, as PEM."""

    model_config = ConfigDict(extra="forbid")

    url: str = ""
    api_key: Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)] = None
    public_key: str = ""
    report_type: Id = ""
    space_type: Id = ""
    user_type: Id = ""
    uphold: Id = ""
    dismiss: Id = ""
    policies: Annotated[dict[str, Id], AfterValidator(_of_categories)] = Field(default_factory=dict)
    rules: bool = False
    allow_private: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Coop:
        if not self.url:
            return self
        for name in _NEEDED:
            if not getattr(self, name):
                raise ValueError(f"`url` needs `{name}`, too")
        if self.uphold == self.dismiss:
            raise ValueError("`uphold` and `dismiss` are two actions")
        try:
            check_url(self.url, allow_private=self.allow_private)
        except Invalid as error:
            raise ValueError(f"{error}; for a Coop in your own network set `allow_private`") from error
        if not self.key.isascii() or not self.key.isprintable():
            raise ValueError("`api_key` is no key")
        self.verifier  # noqa: B018  # raises ValueError for what is no key
        return self

    @property
    def key(self) -> str:
        """The API key, in clear."""
        return self.api_key.get_secret_value() if self.api_key is not None else ""

    @cached_property
    def verifier(self) -> Verifier:
        """Of its callbacks. Raises ValueError."""
        return Verifier(self.public_key)

    def policy(self, category: str) -> str | None:
        """Its policy for a category, if it has one."""
        return self.policies.get(category)
