"""The files of `deploy/` do what they say: requests and sockets go through nginx, what is private does not."""

import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from clients import Client
from command_line import free_port, serving, started

from settings import ROOT

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@asynccontextmanager
async def nginx(folder: Path, server: httpx2.URL) -> AsyncIterator[httpx2.AsyncClient]:
    """nginx before a server, as deploy/nginx.conf has it but for names and ports."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    port = free_port()
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("server 127.0.0.1:8000;", f"server 127.0.0.1:{server.port};")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    served = f"access_log off; {''.join(f'{kind}_temp_path {folder}/{kind};' for kind in kinds)} {site}"
    alone = f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}}"
    file = folder / "nginx.conf"
    file.write_text(f"{alone} http {{ {served} }}", encoding="utf-8")
    async with (
        started(NGINX, "-e", "stderr", "-c", str(file)) as process,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as through,
    ):
        for _ in range(200):
            try:
                await through.get("/healthz")
                break
            except httpx2.TransportError:
                assert process.returncode is None, await process.communicate()
        yield through


async def test_requests_and_sockets_go_through_nginx(forum_url: str, tmp_path: Path) -> None:
    async with serving(forum_url) as (_, direct), nginx(tmp_path, direct.base_url) as http:
        visitor = Client(http)
        ann = await visitor.sign_up("ann")
        asked = await ann.do("ask_question", title="Does nginx hand this on?", body="All of it, that is.")
        post = asked["thread"]["question"]["id"]
        ben = await visitor.sign_up("ben")
        async with visitor.socket() as socket:
            await socket.subscribe("watch_votes", postIds=[post])
            assert (await socket.next())["votesChanged"]["score"] == 0
            await ben.do("cast_vote", postId=post, value="UP")
            assert (await socket.next())["votesChanged"]["score"] == 1
        kept = await http.get("/graphql", params={"query": "{ site { name } }"})
        again = await http.get(
            "/graphql", params={"query": "{ site { name } }"}, headers={"if-none-match": kept.headers["etag"]}
        )
        assert (kept.status_code, again.status_code) == (200, 304)
        for private in ("/metrics", "/readyz"):
            assert (await http.get(private)).status_code == 404
            assert (await direct.get(private)).status_code == 200
        long = await http.post("/graphql", json={"query": "#" * 1_100_000})
        assert long.json()["errors"][0]["message"].startswith("The request body may have at most")


def test_systemd_understands_its_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    unit = (ROOT / "deploy" / "plainspoken.service").read_text(encoding="utf-8")
    (tmp_path / "plainspoken.service").write_text(unit.replace("/opt/plainspoken/.venv/bin/qa", "/bin/true"))
    told = subprocess.run(  # noqa: S603  as it stands
        [program, "verify", str(tmp_path / "plainspoken.service")], capture_output=True, text=True
    )
    assert "plainspoken.service" not in told.stdout + told.stderr, told


def commands_of(page: str) -> Iterator[str]:
    """The commands of `qa` that a page or a file names."""
    yield from re.findall(r"\bqa (serve|migrate|check|backup|settings|recount|explain|seed)\b", page)


def test_the_page_names_what_there_is() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert {"backup", "migrate", "serve", "check"} <= set(commands_of(page))
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        if not urlsplit(link).scheme:
            assert (ROOT / "docs" / link).exists(), link


def test_every_figure_of_the_page_is_of_the_report() -> None:
    report = (ROOT / "benchmarks" / "REPORT.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    table = page.partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    figures = re.findall(r"\b\d[\d,]*\.?\d*\b", table)
    assert figures
    assert [figure for figure in figures if figure not in report] == []
