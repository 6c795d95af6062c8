"""Numbers for Prometheus: what they say, and who may read them."""

from collections.abc import Callable

import pytest
from clients import Client
from prometheus_client.parser import text_string_to_metric_families

Setting = Callable[..., None]
TOKEN = "a token of some length"


async def read(visitor: Client, **headers: str) -> dict[str, float]:
    """The numbers by their names and labels."""
    response = await visitor.http.get("/metrics", headers=headers)
    assert response.status_code == 200, response.text
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def test_requests_are_counted_by_status_and_timed(visitor: Client) -> None:
    before = await read(visitor)
    await visitor.run("site_name")
    await visitor.http.post("/graphql", content=b"nonsense", headers={"content-type": "application/json"})
    after = await read(visitor)
    for status in (200, 400):
        name = f"http_request_seconds_count status={status}"
        assert after[name] == before.get(name, 0) + 1
        assert after[f"http_request_seconds_sum status={status}"] > before.get(
            f"http_request_seconds_sum status={status}", 0
        )
    assert after["process_resident_memory_bytes"] > 0
    assert "graphql_operations_total answered_by=plan operation=query reason=" in after


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via"])
async def test_what_comes_through_a_proxy_comes_from_anywhere(visitor: Client, header: str) -> None:
    refused = await visitor.http.get("/metrics", headers={header: "127.0.0.1"})
    assert refused.status_code == 403
    assert "METRICS_TOKEN" in refused.text


async def test_with_a_token_who_has_it_reads_from_anywhere(visitor: Client, setting: Setting) -> None:
    setting(metrics_token=TOKEN)
    for wrong in (b"", f"Bearer {TOKEN}x".encode(), TOKEN.encode(), b"Bearer", b"Bearer \xe9"):
        refused = await visitor.http.get("/metrics", headers={b"authorization": wrong})
        assert refused.status_code == 403
    assert await read(visitor, authorization=f"Bearer {TOKEN}", forwarded="for=203.0.113.9")


async def test_of_several_processes_the_sum_is_told(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path_factory.mktemp("numbers")))
    assert await read(visitor) == {}  # of an empty folder
