"""The settings table `[oidc]`: a provider of OpenID Connect that signs people in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from spacesctl.server.http.rates import is_loopback


class Oidc(BaseModel):
    """`issuer` is the provider's address, as it says it itself; `name` is what people call it."""

    model_config = ConfigDict(extra="forbid")

    issuer: Annotated[str, Field(max_length=300)] = ""
    client_id: str = ""
    client_secret: Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)] = None
    name: Annotated[str, Field(max_length=50)] = ""

    @model_validator(mode="after")
    def _whole(self) -> Oidc:
        if not self.issuer:
            return self
        if not self.client_id:
            raise ValueError("`issuer` needs `client_id`, too")
        parts = urlsplit(self.issuer)
        is_here = is_loopback(parts.hostname or "") or parts.hostname == "localhost"
        if (
            not parts.hostname
            or parts.query
            or parts.fragment
            or parts.scheme not in ("https", "http" if is_here else "https")
        ):
            raise ValueError("`issuer` must be https://NAME, perhaps with a path")
        return self

    @property
    def shown(self) -> str:
        """What the provider is called."""
        return self.name or urlsplit(self.issuer).hostname or ""

    @property
    def secret(self) -> str | None:
        """The client's secret, in clear; None for a client that has none."""
        return self.client_secret.get_secret_value() if self.client_secret is not None else None
