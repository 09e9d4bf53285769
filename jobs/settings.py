"""What the worker takes from its environment; the names are those of the whole house."""

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HEADWATER_", env_ignore_empty=True, populate_by_name=True, extra="ignore", frozen=True
    )

    database_url: str | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    app_database_url: str | None = None
    """Logs in as the application's role. Unset: `database_url`, and each connection becomes that role."""

    worker_threads: int = Field(default=4, ge=1)
    """Jobs done at once."""

    job_lease: float = Field(default=4, ge=1)
    """Seconds that a dead worker's jobs wait for another worker. The living extend theirs every quarter of it."""

    smtp_host: str | None = None
    """Unset: mails wait until it is set."""
    smtp_port: int = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = False
    smtp_from: str = "Headwater <no-reply@headwater.invalid>"

    log_level: str = "INFO"
