"""Every setting, read once from the environment (or a `.env` file beside it)."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent


def _there(path: Path) -> Path:
    if not path.exists():
        raise ValueError(f"{path} is not there")
    return path


def _site(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it is not https://HOST, with a path perhaps")
    return url.rstrip("/")


def _mail_server(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("it is neither smtp://USER:PASSWORD@HOST:PORT nor smtps://")
    return url


class PermissionLine(BaseModel):
    """What something takes: a level by its name, or null for anybody; a confirmed address; points."""

    model_config = ConfigDict(extra="forbid")

    level: Literal["registered", "approved", "expert", "editor", "moderator", "admin", "owner"] | None = "registered"
    confirmed: bool = False
    points: int = 0


class Settings(BaseSettings):
    """The settings and their defaults; each is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = Field(
        default=f"sqlite://{ROOT / 'var' / 'plainspoken.db'}",
        description="Where the data is: sqlite://FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
    )
    documents: list[Annotated[Path, AfterValidator(_there)]] = Field(
        default=[],
        description='Documents that clients send, planned at the start: files and folders, as JSON: ["documents"].',
    )
    hold: frozenset[Literal["anonymous", "new", "low_points"]] = Field(
        default=frozenset(),
        description="Whose posts wait for approval, as JSON: of anonymous writers, of new users (not approved yet), of "
        'users with low_points: ["anonymous", "new"].',
    )
    hold_below_points: int = Field(default=150, description="How many points are enough not to be of low_points.")
    log_operations: bool = Field(
        default=False,
        description="Whether the log has a line for each operation (off). Slow and failed ones it always has.",
    )
    mail_from: str = Field(default="forum@localhost", description="The sender of the site's mail.")
    mail_server: Annotated[SecretStr, AfterValidator(_mail_server)] | None = Field(
        default=None,
        description="What sends the site's mail: smtp://USER:PASSWORD@HOST:PORT, or smtps://. Without it none is sent.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Who sends it as a bearer token may read /metrics. Without it, only who asks from the same machine "
        "and not through a proxy.",
    )
    permissions: dict[str, PermissionLine] = Field(
        default={},
        description='What deeds take, where it is not the default, as JSON: {"vote_down": {"points": 200}}. '
        "`Query.policy` lists all.",
    )
    planner: bool = Field(
        default=True,
        description="Whether operations are compiled to plans (on), or executed field by field by graphql-core (off).",
    )
    rate_limits: bool = Field(
        default=True, description="Whether deeds are limited by the hour (on): see `Query.policy`."
    )
    response_cache: bool = Field(
        default=True,
        description="Whether answers to visitors are kept (on), and forgotten when a deed changes what they show.",
    )
    response_cache_mb: int = Field(
        default=64,
        ge=1,
        description="How much memory these answers may take, in megabytes; those not asked for longest give way.",
    )
    response_cache_seconds: float = Field(
        default=5,
        gt=0,
        description="How long one is kept at most. What other processes change (qa recount, qa user) is seen after it.",
    )
    public_url: Annotated[str, AfterValidator(_site)] = Field(
        default="http://127.0.0.1:8000", description="Where the site is for its readers: links in mail begin with it."
    )
    points_titles: dict[int, str] = Field(
        default={},
        description='Titles by the points that earn them, as JSON: {"100": "Newcomer", "1000": "Regular"}.',
    )
    secret_file: Path = Field(
        default=ROOT / "var" / "secret.key",
        description="Where the secret is kept that is made at the first use, if SECRET_KEY does not give one.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="What claim tokens are signed and addresses encrypted with; all processes of a site have the same.",
    )
    slow_operation_ms: int = Field(
        default=1000,
        ge=0,
        description="An operation that takes so many milliseconds is logged with its plan; 0: none is.",
    )


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
