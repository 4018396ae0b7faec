"""Settings of the server: flags > `SPACESCTL_*` > `.env` > `config.toml` > the defaults below."""

from __future__ import annotations

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from spacesctl.domain.errors import Invalid
from spacesctl.server.rates import Limits


def split_host_port(text: str) -> tuple[str, int]:
    """`127.0.0.1:80` or `[::1]:80`; raises ValueError."""
    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _checked_host_port(text: str) -> str:
    split_host_port(text)
    return text


HostPort = Annotated[str, AfterValidator(_checked_host_port)]


class Settings(BaseSettings):
    """One field a setting; `config.example.toml` lists the same with their comments."""

    model_config = SettingsConfigDict(
        env_prefix="SPACESCTL_", env_file=".env", env_ignore_empty=True, env_nested_delimiter="__", extra="ignore"
    )

    http: HostPort = "127.0.0.1:8420"
    udp: HostPort = "0.0.0.0:8420"
    data: Path = Path("data")
    announce: Annotated[list[str], NoDecode] = Field(default_factory=list)
    public_url: str | None = None
    bots: bool = True
    model: Path | None = None
    insecure: bool = False
    profile: bool = True
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    limits: Limits = Field(default_factory=Limits)
    from_file: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @field_validator("announce", mode="before")
    @classmethod
    def _addresses(cls, value: Any) -> list[str]:
        """A list, or in the environment a comma-separated one."""
        parts = value.split(",") if isinstance(value, str) else value
        return [str(ip_address(part.strip())) for part in parts]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given = init_settings()
        from_file = given.pop("from_file", {})
        flags = InitSettingsSource(settings_cls, init_kwargs=given)
        return flags, env_settings, dotenv_settings, InitSettingsSource(settings_cls, init_kwargs=from_file)

    @property
    def binds_loopback_only(self) -> bool:
        host, _ = split_host_port(self.http)
        return host == "localhost" or ((host[0].isdigit() or ":" in host) and ip_address(host).is_loopback)


def load(config: Path | None, **flags: Any) -> Settings:
    """Read everything; flags that are None were not given. Raises Invalid, naming the setting or the file.

    Without `config`, `config.toml` of the working directory is read if it is there.
    """
    path = config or Path("config.toml")
    from_file: dict[str, Any] = {}
    if config is not None or path.exists():
        try:
            from_file = tomllib.loads(path.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Invalid(str(path), str(error)) from error
        if unknown := sorted(set(from_file) - (set(Settings.model_fields) - {"from_file"})):
            raise Invalid(str(path), f"unknown setting {unknown[0]}", hint="config.example.toml lists them all")
    try:
        return Settings(from_file=from_file, **{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(".".join(str(part) for part in first["loc"]), str(first["msg"])) from error
