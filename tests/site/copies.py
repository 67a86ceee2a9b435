"""What the buttons of a page copy. The folds of the page have to be open.

The mouse presses the first, whose text goes into the clipboard; what the others give to it is kept
from it, because the system's clipboard takes thirty times as long.  Nothing is read back from it:
that it holds what it was given, test_transcripts_in_a_browser.py sees to, on one page.
"""

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TimedOutError

# Where the first button is that shows, once the page has come to rest there; nothing where
# something lies on it. What is given to the clipboard is noted from now on.
FIRST = """async (selector) => {
  const button = [...document.querySelectorAll(selector)]
    .find((each) => each.checkVisibility({ visibilityProperty: true }));
  button?.scrollIntoView({ block: "center", behavior: "instant" });
  window.given = null;
  navigator.clipboard.writeText = async (text) => {
    await Clipboard.prototype.writeText.call(navigator.clipboard, text);
    window.given = text;
  };
  let before = "";
  for (let frames = 0; button && frames < 60; frames += 1) {
    await new Promise((seen) => requestAnimationFrame(seen));
    const { left, top, width, height } = button.getBoundingClientRect();
    const middle = [left + width / 2, top + height / 2];
    if (before === `${middle}` && document.elementFromPoint(...middle) === button) return middle;
    before = `${middle}`;
  }
  return null;
}"""
# What is in the clipboard; and, for each button, what it stands beside, what it gives, and whether
# it shows. It is no async function: after hundreds of clicks Chromium at times collected its
# promise as garbage, and Playwright failed.
PRESS = """(selector) => {
  const inClipboard = window.given;
  const pairs = [];
  for (const button of document.querySelectorAll(selector)) {
    let copied = "nothing";
    navigator.clipboard.writeText = async (text) => { copied = text; };
    button.click();
    const block = button.closest(".literal-block-wrapper");
    const commands = block ? block.querySelectorAll("pre")
      : button.closest(".seatrial-stretch").querySelectorAll(".seatrial-command");
    const shows = button.checkVisibility({ visibilityProperty: true });
    pairs.push([[...commands].map((each) => each.textContent), copied, shows]);
  }
  delete navigator.clipboard.writeText;
  return [inClipboard, pairs];
}"""
BUTTONS = """(selector) => [...document.querySelectorAll(selector)].map((each) =>
  [...each.querySelectorAll("button")].filter((one) =>
    /\\bcopy\\b/i.test(one.ariaLabel ?? one.textContent)).length)"""
NAMED = ".literal-block-wrapper:has(.code-block-caption)"


def press(page: Page, selector: str, status: str) -> list[str]:
    """Press the buttons of a selector, and return what is wrong with what they copy.

    `status` is where the page says that it copied.
    """
    middle = page.evaluate(FIRST, selector)
    if middle is None:
        return ["no button that can be pressed"]
    page.mouse.click(*middle)
    try:
        page.locator(f"{status}:not(:empty)").first.wait_for(state="attached", timeout=5000)
    except TimedOutError:
        return ["the page does not say that it copied"]
    in_clipboard, buttons = page.evaluate(PRESS, selector)
    pairs = [("\n".join(lines), copied, shows) for lines, copied, shows in buttons]
    found = [
        f"copied {copied!r} of {text!r}" for text, copied, _ in pairs if not text or copied != text
    ]
    first = next((text for text, _, shows in pairs if shows), None)
    if first is None or in_clipboard != first:
        found.append(f"{in_clipboard!r} in the clipboard, beside {first!r}")
    return found


def commands(page: Page) -> list[str]:
    """What is wrong with the buttons beside commands."""
    return press(page, "button.seatrial-copy", ".seatrial-unseen[role=status]")


def files(page: Page) -> list[str]:
    """What is wrong with the buttons of blocks with a file's name, which are copied whole."""
    counts = page.evaluate(BUTTONS, NAMED)
    found = [f"{count} buttons for a file" for count in counts if count != 1]
    return found or press(page, f"{NAMED} button", f"{NAMED} [role=status]")
