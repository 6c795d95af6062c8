"""The server behind nginx and behind Caddy, as `deploy/` configures them: what goes through, and how it ends.

All goes over TLS, with a certificate made for the test. A proxy that is not installed is skipped.
"""

import asyncio
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets
from clients import Client, Socket, document
from command_line import QA, answering, free_port, started
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sockets import ending, question
from streams import EVENTS, streamed

from settings import ROOT

#: The longest silence that the proxies bear here, and how often the server gives a sign of life, in seconds.
SILENCE, HEARTBEAT = 1, 0.3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


def changed(text: str, **places: str) -> str:
    """The text with other words in some places, each of which must be there."""
    for place, word in places.items():
        assert place in text, place
        text = text.replace(place, word)
    return text


class Site:
    """Where a proxy listens, and how to talk to the server through it."""

    def __init__(self, kind: str, folder: Path, certificate: Path) -> None:
        self.kind, self.folder, self.certificate = kind, folder, certificate
        self.port, self.plain_port, self.server_port = free_port(), free_port(), free_port()
        self.tls = ssl.create_default_context(cafile=certificate)

    def http(self, address: str = "127.0.0.1", **options: Any) -> httpx2.AsyncClient:
        """A client who comes from that address of this machine."""
        transport = httpx2.AsyncHTTPTransport(verify=self.tls, local_address=address)
        return httpx2.AsyncClient(base_url=f"https://127.0.0.1:{self.port}", transport=transport, timeout=20, **options)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        """A greeted websocket."""
        protocols: Any = ["graphql-transport-ws"]
        url = f"wss://127.0.0.1:{self.port}/graphql"
        async with websockets.connect(url, subprotocols=protocols, ssl=self.tls, ping_interval=None) as raw:
            socket = Socket(raw)
            await socket.send(type="connection_init")
            assert (await socket.receive())["type"] == "connection_ack"
            yield socket

    def command(self) -> list[str | Path]:
        """What starts the proxy, as deploy/ has it but for ports, files, and the time that it bears silence."""
        return self._nginx() if self.kind == "nginx" else self._caddy()

    def _nginx(self) -> list[str | Path]:
        site = changed(
            (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8"),
            **{
                "127.0.0.1:8000": f"127.0.0.1:{self.server_port}",
                "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
                "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
                "/etc/letsencrypt/live/forum.example.org/fullchain.pem": str(self.certificate),
                "/etc/letsencrypt/live/forum.example.org/privkey.pem": str(self.certificate),
                "proxy_read_timeout 1h": f"proxy_read_timeout {SILENCE}s",
            },
        )
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        served = f"access_log off; {''.join(f'{kind}_temp_path {self.folder}/{kind};' for kind in kinds)} {site}"
        alone = f"daemon off; master_process off; pid {self.folder}/pid; error_log stderr; events {{}}"
        file = self.folder / "nginx.conf"
        file.write_text(f"{alone} http {{ {served} }}", encoding="utf-8")
        return [_program("nginx"), "-e", "stderr", "-c", file]

    def _caddy(self) -> list[str | Path]:
        site = changed(
            (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8"),
            **{
                "forum.example.org {": f"https://127.0.0.1:{self.port} {{\ntls {self.certificate} {self.certificate}\n",
                "127.0.0.1:8000": f"127.0.0.1:{self.server_port}",
            },
        )
        file = self.folder / "Caddyfile"
        options = f"admin off\nauto_https disable_redirects\nstorage file_system {self.folder}"
        file.write_text(f"{{\n{options}\n}}\n{site}", encoding="utf-8")
        return [_program("caddy"), "run", "--adapter", "caddyfile", "--config", file]


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(params=["nginx", "caddy"])
async def site(request: pytest.FixtureRequest, tmp_path: Path, certificate: Path) -> AsyncIterator[Site]:
    """A proxy that listens, and no server behind it."""
    site = Site(request.param, tmp_path, certificate)
    async with started(*site.command(), HOME=str(tmp_path)) as proxy:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", site.port)
                writer.close()
                break
            except OSError:
                assert proxy.returncode is None, await proxy.communicate()
                await asyncio.sleep(0.05)
        yield site


@asynccontextmanager
async def served(site: Site, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The server behind the proxy."""
    environment = {
        "DATABASE_URL": url,
        "TRUSTED_PROXIES": '["127.0.0.1"]',
        "RATE_LIMITS": "on",
        "LIVE_HEARTBEAT_SECONDS": str(HEARTBEAT),
    }
    async with (
        started(QA, "serve", "--port", str(site.server_port), **environment) as process,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{site.server_port}") as direct,
    ):
        await answering(process, direct)
        yield process


async def test_requests_go_through(site: Site, forum_url: str) -> None:
    async with served(site, forum_url), site.http() as http:
        await keeps_what_it_knows(http)
        await refuses_what_is_too_long(http)
        await tells_our_own_pages_from_others(site, http)
        await believes_no_address_that_a_client_made_up(site)
        for private in ("/metrics", "/readyz", "/%6Detrics"):
            assert (await http.get(private)).status_code == 404, private
        assert (await http.get("/healthz")).status_code == 200
        styles = await http.get("/static/graphiql/graphiql.css")
        assert styles.headers["content-encoding"] in ("gzip", "zstd")
        if site.kind == "nginx":
            plain = await http.get(f"http://127.0.0.1:{site.plain_port}/graphql?query=x")
            assert (plain.status_code, plain.headers["location"]) == (308, "https://127.0.0.1/graphql?query=x")


async def keeps_what_it_knows(http: httpx2.AsyncClient) -> None:
    """Persisted documents by GET, compressed, and 304 to who has them."""
    long = "{ " + " ".join(f"s{each}: site {{ name }}" for each in range(50)) + " }"
    for media_type in ("application/json", "application/graphql-response+json"):
        persisted = {"version": 1, "sha256Hash": sha256((long + "#" * len(media_type)).encode()).hexdigest()}
        asked = {"extensions": httpx2.Response(200, json={"persistedQuery": persisted}).text}
        headers = {"accept": media_type, "accept-encoding": "gzip"}
        unknown = await http.get("/graphql", params=asked, headers=headers)
        assert unknown.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        whole = asked | {"query": long + "#" * len(media_type)}
        told = await http.get("/graphql", params=whole, headers=headers)
        kept = await http.get("/graphql", params=asked, headers=headers)
        assert kept.json() == told.json()
        assert kept.json()["data"]["s49"] == {"name": "Plainspoken"}
        assert kept.headers["content-encoding"] == "gzip"
        assert kept.headers["cache-control"].startswith("public")
        varied = ",".join(kept.headers.get_list("vary")).lower()
        assert all(name in varied for name in ("accept-encoding", "cookie", "authorization"))
        again = await http.get("/graphql", params=asked, headers=headers | {"if-none-match": kept.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def refuses_what_is_too_long(http: httpx2.AsyncClient) -> None:
    """Whoever refuses it, the answer is GraphQL's."""
    for size in (1_100_000, 3_000_000):
        long = await http.post("/graphql", json={"query": "#" * size})
        assert long.status_code == 413
        assert long.headers["content-type"].startswith("application/")
        assert long.json()["errors"][0]["message"].startswith("The request body ")


async def tells_our_own_pages_from_others(site: Site, http: httpx2.AsyncClient) -> None:
    """The cookie of a session is for TLS alone, and counts for our own pages, which name the port too."""
    variables = {"input": {"name": "ann", "email": "ann@example.org", "password": "a long password"}}
    signed_up = await http.post("/graphql", json={"query": document("sign_up"), "variables": variables})
    assert "; secure" in signed_up.headers["set-cookie"].lower()
    seen = []
    for origin in (f"https://127.0.0.1:{site.port}", "https://127.0.0.1", "https://forum.example.com"):
        response = await http.post(
            "/graphql", json={"query": "{ viewer { user { name } } }"}, headers={"origin": origin}
        )
        seen.append(response.json()["data"]["viewer"])
    assert seen == [{"user": {"name": "ann"}}, None, None]
    http.cookies.clear()


async def believes_no_address_that_a_client_made_up(site: Site) -> None:
    """Who comes from one address is counted as one, whatever they say; who comes from another is not."""
    used = []
    async with site.http("127.0.0.8") as one, site.http("127.0.0.9") as other:
        for http, forged in ((one, "192.0.2.1"), (one, "192.0.2.2"), (other, "192.0.2.2")):
            headers = {"x-forwarded-for": forged, "forwarded": f"for={forged}", "x-real-ip": forged}
            response = await http.post("/graphql", json={"query": "{ rateLimit { used } }"}, headers=headers)
            used.append(response.json()["data"]["rateLimit"]["used"])
    assert used[1] > used[0]
    assert used[2] <= used[0]


async def test_what_is_live_goes_through_at_once_stays_in_silence_and_comes_again(site: Site, forum_url: str) -> None:
    async with served(site, forum_url) as process, site.http() as http:
        visitor = Client(http)
        ann, ben = [await visitor.sign_up(name) for name in ("ann", "ben")]
        post = await question(ann)
        watching = {"query": document("watch_votes"), "variables": {"postIds": [post]}}
        async with site.socket() as socket, streamed(visitor, watching) as stream:
            assert stream.response.headers["content-type"].startswith(EVENTS)
            assert "content-encoding" not in stream.response.headers
            await socket.subscribe("watch_votes", postIds=[post])
            assert (await voted(socket))["score"] == (await stream.event())[1]["data"]["votesChanged"]["score"] == 0
            await asyncio.sleep(SILENCE + 3 * HEARTBEAT)
            await ben.do("cast_vote", postId=post, value="UP")
            async with asyncio.timeout(SILENCE / 2):
                assert (await voted(socket))["score"] == 1
                assert (await stream.event())[1]["data"]["votesChanged"]["score"] == 1
            process.send_signal(signal.SIGTERM)
            assert (await ending(socket))[0] == 1012
            assert await stream.rest() == []  # without `complete`: it was cut off
        assert await process.wait() in (0, -signal.SIGTERM)
        # The next one waits for the server where the proxy can, and is told to come again where it cannot.
        asked = asyncio.create_task(http.get("/graphql", params={"query": "{ site { name } }"}))
        await asyncio.sleep(0.1)
        async with served(site, forum_url):
            answer = await asked
            if site.kind == "nginx":
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert answer.json()["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
            else:
                assert answer.status_code == 200
            assert await visitor.run("site_name") == {"site": {"name": "Plainspoken"}}


async def voted(socket: Socket) -> dict[str, Any]:
    """What a listener is shown next, signs of life left out."""
    while (message := await socket.receive())["type"] == "ping":
        await socket.send(type="pong")
    shown: dict[str, Any] = message["payload"]["data"]["votesChanged"]
    return shown
