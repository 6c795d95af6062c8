"""Every setting, read once from the environment (or a `.env` file beside it)."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent


def _there(path: Path) -> Path:
    if not path.exists():
        raise ValueError(f"{path} is not there")
    return path


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
    planner: bool = Field(
        default=True,
        description="Whether operations are compiled to plans (on), or executed field by field by graphql-core (off).",
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
    points_titles: dict[int, str] = Field(
        default={},
        description='Titles by the points that earn them, as JSON: {"100": "Newcomer", "1000": "Regular"}.',
    )


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
