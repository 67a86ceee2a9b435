"""What the buttons of a page copy, by the clipboard. The folds of the page have to be open."""

from playwright.sync_api import Page

PRESS = """async (selector) => {
  const pairs = [];
  for (const button of document.querySelectorAll(selector)) {
    await navigator.clipboard.writeText("untouched");
    button.click();
    let copied = "untouched";
    for (let tries = 0; copied === "untouched" && tries < 1000; tries++) {
      copied = await navigator.clipboard.readText();
    }
    const block = button.closest(".literal-block-wrapper");
    const commands = block ? block.querySelectorAll("pre")
      : button.closest(".seatrial-stretch").querySelectorAll(".seatrial-command");
    pairs.push([[...commands].map((each) => each.textContent), copied]);
  }
  return pairs;
}"""
NAMED = ".literal-block-wrapper:has(.code-block-caption)"


def commands(page: Page) -> list[str]:
    """The buttons beside commands that copy anything else; one presses the first."""
    page.locator("button.seatrial-copy:visible").first.click()
    page.locator(".seatrial-unseen[role=status]:not(:empty)").wait_for(state="attached")
    pairs = page.evaluate(PRESS, "button.seatrial-copy")
    return [
        f"copied {copied!r} of {lines}"
        for lines, copied in pairs
        if not lines or copied.rstrip("\n") != "\n".join(lines).rstrip("\n")
    ] or ([] if pairs else ["no button"])


def files(page: Page) -> list[str]:
    """The blocks with a file's name that are not copied whole."""
    blocks = page.locator(NAMED).all()
    buttons = [block.get_by_role("button", name="copy") for block in blocks]
    found = [f"{each.count()} buttons for a file" for each in buttons if each.count() != 1]
    if found:
        return found
    buttons[0].click()
    blocks[0].get_by_text("copied", exact=True).wait_for()
    pairs = page.evaluate(PRESS, f"{NAMED} button")
    return [f"copied {copied!r} of {lines}" for lines, copied in pairs if lines != [copied]]
