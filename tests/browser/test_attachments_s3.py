"""Files of a to-do sent straight to an S3 server of another origin, under the policy and the CORS rules of the docs."""

import re
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.attaching import attached, choose, give_files, png, sending, slow_down, wait_for, watch_progress
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import violations
from tests.seaweedfs import SeaweedFS
from tests.todos.attachments.files import noise
from todos.models import Attachment
from uploads.models import State, Upload, Usage
from workflows.testing import run_until_idle


@pytest.fixture
def bucket(s3, live_server, settings, watch) -> Iterator[SeaweedFS]:
    """The bucket as docs/storage.md tells to set it up for the address that pages are opened at."""
    settings.SECURE_CSP = settings.SECURE_CSP | settings.S3.policy()
    s3.allow(live_server.url)
    watch.allow(urlsplit(s3.endpoint).netloc)
    yield s3
    s3.start()
    s3.forget_origins()


@pytest.fixture
def on_page(bucket, page, worktop) -> Page:
    page.goto(worktop.get_absolute_url())
    return page


@pytest.fixture
def puts(on_page) -> list[str]:
    """The bytes that were sent, by their address without its signature."""
    return watch_puts(on_page)


def watch_puts(page: Page) -> list[str]:
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            seen.append(request.url.partition("?")[0])

    page.on("request", note)
    return seen


def stored(bucket: SeaweedFS) -> list[str]:
    listed = bucket.client().list_objects_v2(Bucket="holdfast").get("Contents", [])
    return sorted({there["Key"] for there in listed} - {"ready"})  # which the server's start may leave behind


def is_whole(bucket: SeaweedFS, *names: str) -> None:
    """Are exactly these files ready and attached, each once, with nothing else in the bucket or in the ledger?"""
    kept = list(Upload.objects.exclude(state=State.DELETED))
    assert sorted((upload.name, upload.state) for upload in kept) == sorted((name, State.READY) for name in names)
    assert Attachment.objects.count() == len(names)
    assert stored(bucket) == sorted(key for upload in kept for key in (upload.file, upload.small, upload.large))
    assert Usage.objects.get().bytes == sum(upload.stored_size or 0 for upload in kept)


def test_from_the_page_to_the_bucket_and_back(on_page, bucket, puts):
    page = on_page
    choose(page, png())
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(page)).to_have_text("plan.png")
    upload = Upload.objects.get()
    assert puts == [f"{bucket.endpoint}/holdfast/incoming/{upload.pk}"]
    is_whole(bucket, "plan.png")
    shown = page.locator("#file-rows img")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert page.request.get(shown.get_attribute("src") or "").url.startswith(f"{bucket.endpoint}/holdfast/uploads/")


@pytest.mark.slow
def test_three_at_once_and_one_of_them_cancelled(on_page, bucket, puts):
    page = on_page
    slow_down(page, 150_000)
    progress = watch_progress(page)
    names = ["one.png", "two.png", "three.png"]
    choose(page, *(png(name, noise(450, 400)) for name in [*names, "four.png"]))
    for name in names:
        expect(sending(page, name).get_by_role("progressbar", name=name)).to_be_visible()
    expect(sending(page, "four.png")).to_contain_text("Waiting")
    wait_for(page, lambda: all(any(0 < value < 100 for value in progress().get(name, [])) for name in names))
    page.get_by_role("button", name="Cancel two.png").click()
    expect(page.get_by_text("Checking", exact=True)).to_have_count(3, timeout=30_000)
    for name in ("one.png", "three.png", "four.png"):
        values = progress()[name]
        assert len(values) > 3
        assert values == sorted(values)
    run_until_idle()
    expect(attached(page)).to_have_count(3)
    assert sorted(attached(page).all_inner_texts()) == ["four.png", "one.png", "three.png"]
    assert len(puts) == 4
    assert Upload.objects.get(name="two.png").state == State.DELETED
    is_whole(bucket, "four.png", "one.png", "three.png")


@pytest.mark.slow
def test_a_server_that_is_gone_for_five_seconds(on_page, bucket, puts, watch):
    watch.foresee("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_FAILED|status of 50|CORS policy")
    page = on_page
    quicken = slow_down(page, 60_000)
    progress = watch_progress(page)
    names = ["one.png", "two.png", "three.png"]
    choose(page, *(png(name, noise(300, 300)) for name in names))
    wait_for(page, lambda: all(any(0 < value < 100 for value in progress().get(name, [])) for name in names))
    bucket.stop()
    back = threading.Timer(5, bucket.start)
    back.start()
    expect(page.get_by_text("Connection lost. Retrying in").first).to_be_visible()
    quicken()
    back.join()
    expect(page.get_by_text("Checking", exact=True)).to_have_count(3, timeout=30_000)
    run_until_idle()
    expect(attached(page)).to_have_count(3)
    assert len(puts) > 3
    assert all(0 in progress()[name][1:] for name in names)  # all of each is sent again
    is_whole(bucket, *names)


@pytest.mark.slow
def test_bytes_whose_answer_was_lost_are_completed(on_page, bucket, watch):
    watch.foresee("ERR_FAILED|status of 412")
    page = on_page
    answers: list[int] = []
    page.on("response", lambda response: answers.append(response.status) if response.request.method == "PUT" else None)

    def lose(route) -> None:
        assert route.fetch().status == 200
        route.abort()

    page.route(f"{bucket.endpoint}/**", lose)
    choose(page, png())
    expect(sending(page, "plan.png")).to_contain_text("Retrying in 1 s")
    page.unroute(f"{bucket.endpoint}/**")  # the second goes out as it is, after a preflight
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    assert answers == [412]
    run_until_idle()
    expect(attached(page)).to_have_text("plan.png")
    is_whole(bucket, "plan.png")


@pytest.mark.slow
def test_a_pasted_picture(on_page, bucket):
    give_files(on_page, "paste", [png("image.png")])
    expect(on_page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(on_page)).to_have_text("image.png")
    is_whole(bucket, "image.png")


@pytest.mark.slow
def test_a_wrong_type_is_refused_before_any_byte(on_page, bucket):
    asked: list[str] = []
    on_page.on("request", lambda request: asked.append(request.url) if request.method != "GET" else None)
    choose(on_page, {"name": "drawing.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(sending(on_page, "drawing.svg")).to_contain_text("Only images")
    choose(on_page, {"name": "page.html", "mimeType": "text/html", "buffer": b"<html>"})
    expect(sending(on_page, "page.html")).to_contain_text("Only images")
    assert asked == []
    assert not Upload.objects.exists()


@pytest.mark.slow
def test_what_is_not_what_it_says_leaves_nothing_in_the_bucket(on_page, bucket):
    choose(on_page, png("page.png", b"<html><script>alert(1)</script></html>"))
    expect(on_page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    expect(on_page.locator("#file-rows .row", has_text="page.png").locator(".note.bad")).to_be_visible()
    assert Upload.objects.get().state == State.REJECTED
    assert stored(bucket) == []


@pytest.mark.slow
def test_without_scripts(open_page, alice, worktop, bucket, watch):
    watch.foresee("/favicon.ico: .* 403")  # which the browser wants to show beside the bucket's picture
    page = open_page(alice, java_script_enabled=False)
    page.goto(worktop.get_absolute_url())
    choose(page, png("one.png"), {"name": "page.png", "mimeType": "image/png", "buffer": b"<html>"})
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_text("2 files are being checked.").first).to_be_visible()
    run_until_idle()
    page.get_by_role("link", name="Refresh").click()
    expect(attached(page)).to_have_text("one.png")
    page.get_by_role("button", name="Dismiss page.png").click()
    run_until_idle()
    is_whole(bucket, "one.png")
    page.get_by_role("link", name="one.png").click()
    expect(page).to_have_url(re.compile(f"^{bucket.endpoint}/holdfast/uploads/.*/file"))


@pytest.mark.slow
def test_on_a_phone(open_page, alice, worktop, bucket):
    page = open_page(alice, viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto(worktop.get_absolute_url())
    slow_down(page, 60_000)
    page.locator("#attach-photo").set_input_files([png("photo.png", noise(150, 150))])
    expect(sending(page, "photo.png").get_by_role("progressbar")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(page)).to_have_text("photo.png")
    page.get_by_role("link", name="photo.png").tap()
    shown = page.get_by_role("dialog").get_by_role("img", name="photo.png")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 150
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.slow
@pytest.mark.parametrize("device", [{}, {"viewport": PHONE, "has_touch": True, "is_mobile": True}])
def test_axe_finds_nothing(open_page, alice, worktop, bucket, watch, device):
    """While one is sent, one waits for the next try, one was refused; then with all of them settled."""
    watch.foresee("ERR_FAILED")
    page = open_page(alice, bypass_csp=True, **device)  # axe is a script that the policy knows nothing of
    page.goto(worktop.get_absolute_url())
    page.route(f"{bucket.endpoint}/**", lambda _route: None)
    choose(page, png("slow.png"))
    expect(sending(page, "slow.png").get_by_role("progressbar")).to_be_visible()
    page.route(f"{bucket.endpoint}/**", lambda route: route.abort())
    choose(page, png("broken.png"), {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(sending(page, "broken.png")).to_contain_text("Retrying in")
    found = violations(page)
    page.reload()
    page.unroute_all()
    choose(page, png("plan.png"), png("page.png", b"<html>"))
    expect(page.get_by_text("Checking", exact=True)).to_have_count(2)
    found += violations(page)
    run_until_idle()
    expect(attached(page)).to_have_text("plan.png")
    found += violations(page)
    assert found == []
