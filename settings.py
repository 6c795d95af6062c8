"""Every setting, read once from the environment (or a `.env` file beside it)."""

from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent


class Settings(BaseSettings):
    """The settings and their defaults; each is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = Field(
        default=f"sqlite://{ROOT / 'var' / 'plainspoken.db'}",
        description="Where the data is: sqlite://FILE, or postgres://USER:PASSWORD@HOST:PORT/DATABASE.",
    )
    planner: bool = Field(
        default=True,
        description="Whether operations are compiled to plans (on), or executed field by field by graphql-core (off).",
    )
    points_titles: dict[int, str] = Field(
        default={},
        description='Titles by the points that earn them, as JSON: {"100": "Newcomer", "1000": "Regular"}.',
    )


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
