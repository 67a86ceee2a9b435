"""What notebooks fold and how large they show it, as pages do; and that an error is read whole."""

from typing import Any

from playwright.sync_api import Page

# more lines of progress than pages show open
MANY = 8

FOLDED = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const size = (each) => getComputedStyle(each).fontSize;
  const answers = all("article summary").filter((each) => each.innerText.trim() === "Answer");
  const folded = answers.map((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const [box, text] = [each, range].map((one) => one.getBoundingClientRect());
    const line = Number.parseFloat(getComputedStyle(each).lineHeight);
    return { lines: Math.round(box.height / line), beside: text.left > box.left + 4 };
  });
  const open = all("article .seatrial-output").map((each) =>
    each.closest("details") ? 0 : each.innerText.split("\\n").filter((line) =>
      /^ ?(Container|Network|Volume|Image) \\S+ +[A-Z][a-z]+/.test(line)).length);
  return {
    folded,
    open: Math.max(0, ...open),
    sizes: [...new Set(all("article .seatrial-output").map(size))],
    edits: [...new Set(all("article .seatrial-edit pre").map(size))],
  };
}"""

CUT = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const signed = (each) => each.scrollWidth <= each.clientWidth + 1 ||
    getComputedStyle(each).backgroundImage.includes("gradient");
  const edits = all("article .seatrial-edit, article .seatrial-edit *");
  const cut = [...edits, ...all("article .seatrial-output, article pre")]
    .filter((each) => getComputedStyle(each).overflowX !== "visible")
    .filter((each) => each.scrollWidth > each.clientWidth + 1);
  return {
    "cut without a sign": cut.filter((each) => !signed(each))
      .map((each) => each.innerText.slice(0, 60)),
    "error that is cut": cut.map((each) => each.innerText)
      .filter((text) => /^(psql: )?(error|ERROR|Error response)|Traceback/m.test(text)),
  };
}"""


def folded(page: Page) -> list[str]:
    """What is wrong with the folds of a notebook, which nobody has opened."""
    seen: Any = page.evaluate(FOLDED)
    # a triangle and its word stand on one line
    found = [f"answer: {each}" for each in seen["folded"] if each != {"lines": 1, "beside": True}]
    if seen["open"] >= MANY:
        found.append(f"{seen['open']} lines of progress stand open")
    # what an edit changes is no larger than what a program prints
    if not set(seen["edits"]) <= set(seen["sizes"]):
        found.append(f"edits of {seen['edits']}, outputs of {seen['sizes']}")
    return found


def cut(page: Page) -> list[str]:
    """What is cut on a page whose folds are open, and does not say so or has to be read whole."""
    return [f"{kind}: {each}" for kind, all_ in page.evaluate(CUT).items() for each in all_]
