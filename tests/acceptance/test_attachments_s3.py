"""A photo on its way through all of Holdfast: Chromium, the web process, an S3 server, a worker that is killed."""

import re
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import Running, survivors
from tests.browser.attaching import attached, choose, png, sending
from tests.browser.conftest import CHROMIUM, Watch, chromium  # noqa: F401 - a fixture
from tests.seaweedfs import SeaweedFS

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install `chromium` to run the browser tests"),
]
ADMIN = {"ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "kelp holds the rock"}
PATIENCE_MS = 60_000


@pytest.fixture
def holdfast(run, s3_server) -> Iterator[Running]:
    running: Running = run(**ADMIN, **s3_server.environment())
    running.wait_until_healthy(seconds=60)
    running.wait_for_worker()
    s3_server.allow(running.url)
    yield running
    s3_server.forget_origins()
    s3_server.empty()


@pytest.fixture
def page(holdfast, s3_server, chromium) -> Iterator[Page]:  # noqa: F811
    """The page of a to-do, opened by its owner."""
    watch = Watch(urlsplit(holdfast.url).netloc)
    watch.allow(urlsplit(s3_server.endpoint).netloc)
    with chromium.new_context(base_url=holdfast.url) as context:
        page = context.new_page()
        watch.add_page(page)
        page.goto("/")
        page.get_by_label("Email").fill(ADMIN["ADMIN_EMAIL"])
        page.get_by_label("Password", exact=True).fill(ADMIN["ADMIN_PASSWORD"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Name of a new list").fill("Flat renovation")
        page.get_by_role("button", name="Create").click()
        page.get_by_label("Add a to-do").fill("Measure the worktop")
        page.get_by_role("button", name="Add").click()
        page.get_by_role("link", name="Measure the worktop").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Measure the worktop")
        yield page
    assert watch.complaints == []


def test_a_photo_is_attached_though_the_worker_is_killed(page: Page, holdfast: Running, s3_server: SeaweedFS, tmp_path):
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert f"connect-src 'self' {s3_server.endpoint}/holdfast/" in policy
    photo = tmp_path / "photo.jpg"
    Image.merge("RGB", [Image.effect_noise((4000, 3000), 90) for _channel in "RGB"]).save(photo, quality=95)
    assert photo.stat().st_size > 10 * 1024 * 1024
    page.locator("#attach").set_input_files(photo)
    expect(sending(page, "photo.jpg")).to_contain_text("Shrinking")
    expect(page.get_by_text("Checking", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    kill_the_worker(holdfast)
    expect(attached(page)).to_have_text("photo.jpg", timeout=PATIENCE_MS)
    choose(page, png())
    expect(attached(page)).to_have_text(["photo.jpg", "plan.png"], timeout=PATIENCE_MS)
    expect(page.locator("#file-rows img")).to_have_count(2, timeout=PATIENCE_MS)
    files = kept_in(s3_server)
    assert sorted(re.sub("/.*/", "/", key) for key in files) == sorted(
        ["uploads/file", "uploads/small.webp", "uploads/large.webp"] * 2
    )
    assert max(files.values()) <= 10 * 1024 * 1024


def kill_the_worker(holdfast: Running) -> None:
    worker = holdfast.find("manage.py", "worker")
    people = [worker, *worker.children(recursive=True)]
    worker.send_signal(signal.SIGKILL)
    assert not survivors(people, seconds=5)


def kept_in(s3_server: SeaweedFS) -> dict[str, Any]:
    listed = s3_server.client().list_objects_v2(Bucket="holdfast")["Contents"]
    return {there["Key"]: there["Size"] for there in listed if there["Key"].startswith(("incoming/", "uploads/"))}
