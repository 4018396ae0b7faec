"""Settings of the server: flags > `SPACESCTL_*` > `.env` > `config.toml` > the defaults below."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from spacesctl.client.files import read_settings, read_text
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import SignUp
from spacesctl.server.delivery.apprise_address import DEFAULT_SCHEMES, ON_THIS_MACHINE
from spacesctl.server.delivery.coop_settings import Coop
from spacesctl.server.http.front.hosts import host_name
from spacesctl.server.http.front.limits import RequestLimits
from spacesctl.server.http.oidc_settings import Oidc
from spacesctl.server.http.rates import Limits
from spacesctl.server.process.retention_days import RetentionDays
from spacesctl.server.webrtc.turn import Turn
from spacesctl.support.numbers import whole


def split_host_port(text: str) -> tuple[str, int]:
    """Parse `127.0.0.1:80` or `[::1]:80`. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or (number := whole(port)) is None or number > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, number


def _checked_host_port(text: str) -> str:
    split_host_port(text)
    return text


HostPort = Annotated[str, AfterValidator(_checked_host_port)]


class Settings(BaseSettings):
    """All settings, one field each. `config.example.toml` lists the same with comments."""

    model_config = SettingsConfigDict(
        env_prefix="SPACESCTL_",
        env_file=".env",
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        env_nested_delimiter="__",
        extra="ignore",
    )

    http: HostPort = "127.0.0.1:8420"
    udp: HostPort = "0.0.0.0:8420"
    ice_tcp: bool = True
    data: Path = Path("data")
    audit: Path | None = None
    announce: Annotated[list[str], NoDecode] = Field(default_factory=list)
    audience_packet_ms: Literal["20", "40", "60", "120", "auto"] = "auto"
    public_url: str | None = None
    hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)
    bots: bool = True
    model: Path | None = None
    insecure: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    trusted_proxies: Annotated[list[str], NoDecode] = Field(default_factory=lambda: ["127.0.0.1", "::1"])
    webhooks_allow_private: bool = False
    notify_schemes: Annotated[list[str], NoDecode] = Field(default_factory=lambda: list(DEFAULT_SCHEMES))
    recordings_days: int = Field(default=30, ge=0)
    disk_warning_mib: int = Field(default=1024, ge=0)
    recordings_leave_mib: int = Field(default=200, ge=0)
    profile: bool = True
    sign_up: SignUp = SignUp.INVITATION
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    turn: Turn = Field(default_factory=Turn)
    coop: Coop = Field(default_factory=Coop)
    oidc: Oidc = Field(default_factory=Oidc)
    limits: Limits = Field(default_factory=Limits)
    requests: RequestLimits = Field(default_factory=RequestLimits)
    retention: RetentionDays = Field(default_factory=RetentionDays)
    from_file: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @field_validator("announce", mode="before")
    @classmethod
    def _addresses(cls, value: Any) -> list[str]:
        """A list; in the environment, a comma-separated one."""
        parts = value.split(",") if isinstance(value, str) else value
        return [str(ip_address(part.strip())) for part in parts]

    @field_validator("hosts", mode="before")
    @classmethod
    def _hosts(cls, value: Any) -> list[str]:
        """Names and addresses, as a list or comma-separated."""
        parts = [part.strip() for part in (value.split(",") if isinstance(value, str) else value)]
        return [host_name(f"[{part}]" if part.count(":") > 1 and part[0] != "[" else part) for part in parts if part]

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> list[str]:
        """Addresses and networks, as a list or comma-separated."""
        parts = value.split(",") if isinstance(value, str) else value
        networks = [ip_network(part.strip()) for part in parts]
        return [str(one.network_address if one.num_addresses == 1 else one) for one in networks]

    @field_validator("notify_schemes", mode="before")
    @classmethod
    def _schemes(cls, value: Any) -> list[str]:
        """Names, as a list or comma-separated."""
        parts = value.split(",") if isinstance(value, str) else value
        names = [str(part).strip().lower().removesuffix("://") for part in parts]
        if local := sorted(ON_THIS_MACHINE & set(names)):
            raise ValueError(f"{local[0]} acts on this machine, so it is not allowed")
        return [name for name in names if name]

    @field_validator("audience_packet_ms", mode="before")
    @classmethod
    def _number_or_word(cls, value: Any) -> Any:
        """A file may contain the number 40, the environment has the text "40"."""
        return str(value) if type(value) is int else value

    @field_validator("public_url")
    @classmethod
    def _whole_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise ValueError("must be https://NAME or https://NAME/PATH, without anything else")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _both_or_none(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, `.env`, then the file."""
        given = init_settings()
        from_file = given.pop("from_file", {})
        flags = InitSettingsSource(settings_cls, init_kwargs=given)
        return flags, env_settings, dotenv_settings, InitSettingsSource(settings_cls, init_kwargs=from_file)

    @property
    def audience_ptime_ms(self) -> int:
        """The ptime of the audience mix in milliseconds, as the engine takes it; 0 is `auto`."""
        return 0 if self.audience_packet_ms == "auto" else int(self.audience_packet_ms)

    @property
    def keep_recordings(self) -> timedelta | None:
        """How long recordings are kept; None: until they are deleted."""
        return timedelta(days=self.recordings_days) if self.recordings_days else None

    @property
    def binds_loopback_only(self) -> bool:
        """Whether HTTP is reachable from this machine only."""
        host, _ = split_host_port(self.http)
        return host == "localhost" or ((host[0].isdigit() or ":" in host) and ip_address(host).is_loopback)


def load(config: Path | None, **flags: Any) -> Settings:
    """Read all settings. Flags that are None were not given. Raises Invalid, naming the setting or the file.

    Without `config`, `config.toml` of the working directory is read if it exists.
    """
    _, from_file = read_file(config)
    read_settings(Path(".env"))  # says what is wrong with it, where pydantic would fail
    try:
        return Settings(from_file=from_file, **{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(".".join(str(part) for part in first["loc"]) or "settings", str(first["msg"])) from error


def read_file(config: Path | None) -> tuple[Path, dict[str, Any]]:
    """The path of the configuration file and its values; no values when the default file does not exist. Raises Invalid."""
    path = config or Path("config.toml")
    if config is None and not path.exists():
        return path, {}
    try:
        from_file = tomllib.loads(read_text(path))
    except OSError as error:
        raise Invalid(str(path), error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Invalid(str(path), str(error)) from error
    if unknown := sorted(set(from_file) - (set(Settings.model_fields) - {"from_file"})):
        raise Invalid(str(path), f"unknown setting {unknown[0]}", hint="config.example.toml lists them all")
    return path, from_file
