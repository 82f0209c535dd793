"""What the tests of attachments do with the page of a to-do: give it files, slow its line, look at its rows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Locator, Page

from tests.todos.attachments.files import picture


def png(name: str = "plan.png", data: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": data or picture()}


def choose(page: Page, *files: FilePayload) -> None:
    page.locator("#attach").set_input_files(list(files))


def slow_down(page: Page, bytes_per_second: int) -> Callable[[], None]:
    """Slow the line down; the function that is returned makes it quick again."""
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", conditions)
    return session.detach


def sending(page: Page, name: str) -> Locator:
    return page.locator("#sending .row", has_text=name)


def attached(page: Page) -> Locator:
    return page.locator("#file-rows [data-row-link]")


def wait_for(page: Page, holds) -> None:
    for _try in range(400):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come to hold")


def give_files(page: Page, kind: str, files: list[FilePayload]) -> None:
    """Let the page have a paste or a drop of files, as a person's clipboard or pointer would."""
    page.evaluate(
        """([kind, files]) => {
            const data = new DataTransfer();
            for (const {name, type, bytes} of files) data.items.add(new File([new Uint8Array(bytes)], name, {type}));
            const init = {bubbles: true, cancelable: true};
            const form = document.getElementById("attach-form");
            if (kind === "paste") {
                document.body.dispatchEvent(new ClipboardEvent("paste", {...init, clipboardData: data}));
            } else for (const name of ["dragover", "drop"]) {
                form.dispatchEvent(new DragEvent(name, {...init, dataTransfer: data}));
            }
        }""",
        [kind, [{"name": file["name"], "type": file["mimeType"], "bytes": list(file["buffer"])} for file in files]],
    )


def watch_progress(page: Page) -> Callable[[], dict[str, list[float]]]:
    """Note each value that a bar shows from now on; the function that is returned gives them by the file's name."""
    page.evaluate(
        """() => {
            window.shown = {};
            new MutationObserver(() => {
                for (const bar of document.querySelectorAll("#sending progress")) {
                    const values = (window.shown[bar.getAttribute("aria-label")] ??= []);
                    if (values.at(-1) !== bar.value) values.push(bar.value);
                }
            }).observe(document.getElementById("sending"), {subtree: true, attributes: true, childList: true});
        }"""
    )
    return lambda: page.evaluate("window.shown")
