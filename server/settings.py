"""What an operator may set, by environment variables.

Every variable is `HEADWATER_` and the field's name in capitals, but for `DATABASE_URL`, whose name is everybody's. An
empty variable counts as unset.
"""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

import jobs.settings
from server.oidc import Issuer

__all__ = ["ROOT", "Settings", "settings"]

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the `headwater` script."""


class Settings(jobs.settings.Settings):
    """The worker's settings, and those of everything else."""

    data_dir: Path = ROOT / ".headwater"
    """Embedded database, logs, caught mails and kept tokens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)

    explorer: bool = True
    """Whether `/` shows the explorer."""

    introspection: bool = True
    """Whether clients may ask for the schema."""

    trusted_documents: bool = False
    """Whether only the documents of `./headwater documents` run."""

    cost_per_minute: int = Field(default=6_000_000, ge=0)
    """Cost points that a token may spend in a minute, in each web process; 0: any number."""

    open_cost_per_minute: int = Field(default=1_000, ge=0)
    """The same for an IP address that asks without a token: to sign in, to renew a session, to reset a password."""

    storefront_cost_per_minute: int = Field(default=600_000, ge=0)
    """The same for an IP address that looks at storefronts; a shared cache in front looks once for everybody."""

    storefront_max_age: int = Field(default=60, ge=0)
    """Seconds for which a cache may keep a storefront without asking whether it has changed."""

    file_limit: int = Field(default=100_000_000, ge=1)
    """Bytes that one file sent with PUT /files may have."""

    oidc_issuers: tuple[Issuer, ...] = ()
    """OpenID Connect issuers whose tokens open the API, as a JSON list; see `server.oidc.Issuer`."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose pages may use the API, such as `https://shop.example`, with spaces or commas between; `*`: all."""

    operator_token: SecretStr | None = None
    """Token of the platform operator. Unset: one is made at the first start and kept in `data_dir`."""

    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """Where `/metrics` and `/healthz` of the workers are served, without a token. Unset: nowhere."""
    metrics_host: str = "127.0.0.1"
    """The address of that port. Let nobody but Prometheus reach it."""

    web_pool_size: int = Field(default=10, ge=1)
    """Database connections of the web process, and as many threads that use them."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @property
    def switches_role(self) -> bool:
        """Whether a connection of the application has to become its role by itself."""
        return self.app_database_url is None

    @property
    def app_url(self) -> str:
        """The URL that web and worker connect with.

        Raises LookupError when no database is named: only `up` starts the embedded one, and tells its children.
        """
        url = self.app_database_url or self.database_url
        if url is None:
            raise LookupError("DATABASE_URL is not set, and the embedded PostgreSQL is not running")
        return url


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
