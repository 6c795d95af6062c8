"""Every setting, read once from the environment (or a `.env` file beside it)."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationInfo,
    field_validator,
)
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


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or f"{parts.scheme}://{parts.netloc}".lower() != text.lower()
    ):
        raise ValueError("it is not https://HOST, or https://HOST:PORT, without a slash at the end")
    return text.lower()


def _collector(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("it is not http://HOST:PORT, or https://")
    return url


def _mail_server(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("it is neither smtp://USER:PASSWORD@HOST:PORT nor smtps://")
    return url


def _postgres(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname or not parts.path.strip("/"):
        raise ValueError("it is not postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    return url


def _redis(url: SecretStr) -> SecretStr:
    from redis.asyncio.connection import Connection, parse_url  # which takes a while, and most commands do without
    from redis.exceptions import RedisError

    try:
        options: dict[str, Any] = {**parse_url(url.get_secret_value())}
        kind = options.pop("connection_class", Connection)
        is_right = "path" in options or "host" in options
        kind(**options)
    except (RedisError, TypeError, ValueError):  # what they say may hold the password
        is_right = False
    if not is_right:
        raise ValueError("it is none of redis://USER:PASSWORD@HOST:PORT, rediss:// (which is TLS) and unix://FILE")
    return url


class PermissionLine(BaseModel):
    """What something takes: a level by its name, or null for anybody; a confirmed address; points."""

    model_config = ConfigDict(extra="forbid")

    level: Literal["registered", "approved", "expert", "editor", "moderator", "admin", "owner"] | None = "registered"
    confirmed: bool = False
    points: int = 0


class Limits(BaseModel):
    """The most that a document may hold, counted with every fragment put where it is spread."""

    model_config = ConfigDict(extra="forbid")

    size: int = Field(default=100_000, ge=1, description="Characters.")
    tokens: int = Field(default=5_000, ge=1, description="Words and signs; comments are as many at most.")
    operations: int = Field(default=20, ge=1, description="Operations of one document.")
    fragments: int = Field(default=100, ge=0, description="Fragments of one document.")
    selections: int = Field(default=1_000, ge=1, description="Fields and spreads of one operation.")
    depth: int = Field(default=30, ge=1, description="Fields within fields.")
    root_fields: int = Field(default=100, ge=1, description="Fields of the operation itself.")
    aliases: int = Field(default=200, ge=0, description="Fields under another name.")
    directives: int = Field(default=60, ge=0, description="Directives.")
    overlaps: int = Field(default=1_000, ge=0, description="Pairs of fields that give one key of the answer.")
    introspection_depth: int = Field(default=1, ge=0, description="Lists of fields and types within such lists.")
    values: int = Field(
        default=1_000, ge=1, description="Values in lists and objects, of the document and of the variables."
    )
    cost: int = Field(default=100_000, ge=1, description="The cost of an operation, as docs/protocol.md reckons it.")


class Settings(BaseSettings):
    """The settings and their defaults; each is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = Field(
        default=f"sqlite://{ROOT / 'var' / 'plainspoken.db'}",
        description="Where the data is: sqlite://FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
    )
    allowed_origins: frozenset[Annotated[str, AfterValidator(_origin)]] = Field(
        default=frozenset(),
        description="Whose pages beside our own may send requests, with their users' cookies, as JSON: "
        '["https://app.example.org"].',
    )
    cost_per_minute: int = Field(
        default=50_000_000,
        ge=1,
        description="What the operations of one user, or of one address's visitors, may cost in a minute.",
    )
    documents: list[Annotated[Path, AfterValidator(_there)]] = Field(
        default=[],
        description='Documents that clients send, planned at the start: files and folders, as JSON: ["documents"].',
    )
    documents_policy: Literal["open", "prefer", "only"] = Field(
        default="open",
        description="Which documents are answered: any (open); any, with half of LIMITS for those that are not trusted "
        "(prefer); TRUSTED_DOCUMENTS alone (only).",
    )
    graphiql: bool = Field(default=True, description="Whether GraphiQL is served at /graphiql (on).")
    hold: frozenset[Literal["anonymous", "new", "low_points"]] = Field(
        default=frozenset(),
        description="Whose posts wait for approval, as JSON: of anonymous writers, of new users (not approved yet), of "
        'users with low_points: ["anonymous", "new"].',
    )
    hold_below_points: int = Field(default=150, description="How many points are enough not to be of low_points.")
    introspection: bool = Field(
        default=True,
        description="Whether the schema can be asked for (on); off, mistakes are told without suggestions, too.",
    )
    limits: Limits = Field(
        default=Limits(),
        description='The most that a document may hold, where it is not the default, as JSON: {"depth": 20}. '
        "docs/protocol.md lists all.",
    )
    live_connections: int = Field(
        default=200,
        ge=1,
        description="How many sockets and event streams one address may have open. Those of the machine itself are not "
        "counted: a proxy there brings everybody's.",
    )
    live_heartbeat_seconds: float = Field(
        default=20, gt=0, description="How often a live connection is given a sign of life."
    )
    live_patience_seconds: float = Field(
        default=30, gt=0, description="How long a live connection may not read what it is sent before it is let go."
    )
    live_rate: float = Field(
        default=10, gt=0, description="How many times a second a listener is shown the same post at most."
    )
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
    otel_exporter_otlp_endpoint: Annotated[str, AfterValidator(_collector)] = Field(
        default="",
        description="Where OpenTelemetry's spans are sent, as OTLP over HTTP: http://HOST:4318. Without it none are "
        "made. docs/deploying.md says what else it takes.",
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
        default=True,
        description="Whether deeds are limited by the hour (on), see `Query.policy`, and operations by the minute.",
    )
    read_replicas: list[Annotated[SecretStr, AfterValidator(_postgres)]] = Field(
        default=[],
        description="Standbys of the PostgreSQL in DATABASE_URL, from which queries are read, as JSON: "
        '["postgres://USER:PASSWORD@HOST:PORT/DATABASE"].',
    )
    redis_prefix: str = Field(
        default="plainspoken",
        pattern=r"^[\w.:-]+$",
        description="How the names of our channels in that Redis begin: another for each site, since channels know no "
        "database numbers.",
    )
    redis_url: Annotated[SecretStr, AfterValidator(_redis)] | None = Field(
        default=None,
        description="The Redis (6 or newer) that carries live news between processes: redis://USER:PASSWORD@HOST:PORT, "
        "rediss:// or unix://FILE. Without it each process is alone.",
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
    operation_seconds: float = Field(
        default=10, gt=0, description="How long a query may take; deeds are not broken off half done."
    )
    proxy_header: Literal["X-Forwarded-For", "Forwarded"] = Field(
        default="X-Forwarded-For",
        description="The header in which TRUSTED_PROXIES write where a request comes from (to the first belongs "
        "X-Forwarded-Proto). The other counts for nothing, since a proxy hands it on as a client wrote it.",
    )
    public_cache_seconds: int = Field(
        default=0,
        ge=0,
        description="How long caches between us and visitors may give an answer to GET without asking us; 0: never.",
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
    trusted_documents: list[Annotated[Path, AfterValidator(_there)]] = Field(
        default=[],
        description="Manifests of the documents that the site's own clients send, as graphql-codegen, relay-compiler "
        'and generate-persisted-query-manifest write them, as JSON: ["persisted.json"].',
    )
    trusted_proxies: list[IPvAnyNetwork] = Field(
        default=[],
        description="The proxies whose word for where a request comes from is taken (Forwarded, X-Forwarded-For), as "
        'JSON: ["127.0.0.1", "10.0.0.0/8"].',
    )

    @field_validator("read_replicas")
    @classmethod
    def _of_postgres(cls, replicas: list[SecretStr], info: ValidationInfo) -> list[SecretStr]:
        if replicas and not str(info.data.get("database_url")).startswith(("postgres://", "postgresql://")):
            raise ValueError("replicas are PostgreSQL's: leave this out, or set DATABASE_URL to their primary")
        return replicas


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
