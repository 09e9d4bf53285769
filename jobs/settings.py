"""What the worker takes from its environment. The web process takes the same and more: `server.settings`."""

from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]

_BROKERS = ("amqp", "amqps", "redis", "rediss")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HEADWATER_", env_ignore_empty=True, populate_by_name=True, extra="ignore", frozen=True
    )

    database_url: str | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    """PostgreSQL 15 or newer, logged in as the owner of the tables. Unset: the embedded server of the data folder."""

    app_database_url: str | None = None
    """The same database, logged in as the application's role. Unset: `database_url` is used and each connection
    becomes `headwater_app` when it opens, for which the owner has to be a member of that role."""

    worker_threads: int = Field(default=4, ge=1)
    """Jobs done at once; each has one database connection."""

    job_lease: float = Field(default=4, ge=1)
    """Seconds that a dead worker's jobs wait for another worker. The living extend theirs every quarter of it."""

    broker_url: str | None = Field(default=None, validation_alias=AliasChoices("BROKER_URL", "broker_url"))
    """RabbitMQ (`amqp://…`) or Redis (`redis://…`) between the job table and the workers; a relay fills it. Unset:
    workers look into the table themselves."""

    relay_again_after: float = Field(default=15, gt=0)
    """Seconds after which the relay announces a job again that no worker has claimed: its message may be lost."""

    worker_stop_limit: float = Field(default=7, gt=0)
    """Seconds for jobs to finish after SIGTERM; those that have not are given back."""

    worker_memory: int | None = Field(default=None, ge=64)
    """Megabytes at which a worker process finishes what it has and is started anew; at half as many again its jobs are
    ended and tried again. Unset: no limit."""

    otlp_endpoint: str | None = None
    """Where spans are sent, such as `http://localhost:4318/v1/traces`. Unset: none are made."""

    smtp_host: str | None = None
    """Where mails are handed over. Unset: the worker lets mails wait; `up` starts a local mailbox for them."""
    smtp_port: int = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    smtp_from: str = "Headwater <no-reply@headwater.invalid>"

    password_page: str | None = None
    """Where people set a new password, with `{token}` in it, such as `https://panel.example/password?key={token}`.
    Unset: mails about it hold the key alone."""

    log_level: str = "INFO"

    @field_validator("broker_url")
    @classmethod
    def _of_a_known_kind(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in _BROKERS:
            raise ValueError(f"begins with one of {', '.join(f'{scheme}://' for scheme in _BROKERS)}")
        return value
