"""What the buttons of a page copy. The folds of the page have to be open.

The mouse presses the first, which copies into the clipboard.  What the others give to it is read
before it gets there: the system's clipboard takes thirty times as long.
"""

from playwright.sync_api import Page

PRESS = """async (selector) => {
  const inClipboard = await navigator.clipboard.readText();
  const real = navigator.clipboard.writeText;
  const pairs = [];
  for (const button of document.querySelectorAll(selector)) {
    let copied = "nothing";
    navigator.clipboard.writeText = async (text) => { copied = text; };
    button.click();
    const block = button.closest(".literal-block-wrapper");
    const commands = block ? block.querySelectorAll("pre")
      : button.closest(".seatrial-stretch").querySelectorAll(".seatrial-command");
    pairs.push([[...commands].map((each) => each.textContent), copied]);
  }
  navigator.clipboard.writeText = real;
  return [inClipboard, pairs];
}"""
NAMED = ".literal-block-wrapper:has(.code-block-caption)"


def commands(page: Page) -> list[str]:
    """The buttons beside commands that copy anything else; one presses the first."""
    first = page.locator("button.seatrial-copy:visible").first
    first.click()
    page.locator(".seatrial-unseen[role=status]:not(:empty)").wait_for(state="attached")
    in_clipboard, pairs = page.evaluate(PRESS, "button.seatrial-copy")
    found = [
        f"copied {copied!r} of {lines}"
        for lines, copied in pairs
        if not lines or copied.rstrip("\n") != "\n".join(lines).rstrip("\n")
    ]
    stretch = first.locator("xpath=ancestor::*[contains(@class, 'seatrial-stretch')][1]")
    beside = "\n".join(stretch.locator(".seatrial-command").all_text_contents())
    if in_clipboard.rstrip("\n") != beside.rstrip("\n"):
        found.append(f"{in_clipboard!r} in the clipboard, beside {beside!r}")
    return found


def files(page: Page) -> list[str]:
    """The blocks with a file's name that are not copied whole."""
    blocks = page.locator(NAMED).all()
    buttons = [block.get_by_role("button", name="copy") for block in blocks]
    found = [f"{each.count()} buttons for a file" for each in buttons if each.count() != 1]
    if found:
        return found
    buttons[0].click()
    blocks[0].get_by_text("copied", exact=True).wait_for()
    in_clipboard, pairs = page.evaluate(PRESS, f"{NAMED} button")
    if [in_clipboard] != pairs[0][0]:
        found.append(f"{in_clipboard!r} in the clipboard")
    return found + [f"copied {copied!r} of {lines}" for lines, copied in pairs if lines != [copied]]
