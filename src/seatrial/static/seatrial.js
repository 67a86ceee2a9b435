// Copy buttons, proofs that links and printers find open, and outputs that the keyboard can scroll.
// Loaded with `defer`: the page is there.

// Where the Clipboard API is missing or forbidden (a page that is neither on https nor on the
// reader's own machine), the older command often still works.
async function putOnClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("aria-hidden", "true");
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    let copied = false;
    try {
      copied = document.execCommand("copy");
    } catch {
      copied = false;
    }
    field.remove();
    return copied;
  }
}

for (const button of document.querySelectorAll(".seatrial-copy")) {
  const figure = button.closest("figure");
  const said = figure.querySelector(".seatrial-said");
  let silence = 0;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = [...figure.querySelectorAll(".seatrial-command")].map((each) => each.textContent);
    const copied = await putOnClipboard(lines.join("\n"));
    button.focus();
    said.textContent = copied ? "copied" : "not copied: the browser forbids it";
    clearTimeout(silence);
    silence = setTimeout(() => {
      said.textContent = "";
    }, 4000);
  });
}

// A link to a claim opens its proof.
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.matches(".seatrial-claim")) target.querySelector("details").open = true;
}

openTarget();
addEventListener("hashchange", openTarget);

// On paper every proof is open; afterwards those close again that were closed.
const opened = [];
addEventListener("beforeprint", () => {
  for (const proof of document.querySelectorAll(".seatrial-claim > details:not([open])")) {
    proof.open = true;
    opened.push(proof);
  }
});
addEventListener("afterprint", () => {
  for (const proof of opened.splice(0)) proof.open = false;
});

// What is wider than the page scrolls by itself, so it has to be reachable without a mouse.
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
    } else {
      target.removeAttribute("tabindex");
    }
  }
});
const scrolling = ".seatrial-output, .seatrial-edit pre, .nboutput .output_area pre";
for (const each of document.querySelectorAll(scrolling)) watcher.observe(each);
