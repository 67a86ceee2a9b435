// Copy buttons, the switch between spellings, proofs that links and printers find open, and outputs that the keyboard can scroll.
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

// What was copied is said to those who do not see it, too.
const said = document.createElement("div");
said.className = "seatrial-unseen";
said.setAttribute("role", "status");
document.body.append(said);

// A button for each stretch of lines that one program reads: neither a prompt nor a password nor an
// output is copied, and never the lines of two programs in one go.
for (const where of document.querySelectorAll(".seatrial-stretch > .seatrial-where")) {
  const stretch = where.parentElement;
  const lines = [...stretch.querySelectorAll(".seatrial-command")];
  if (!lines.length) continue;
  const button = document.createElement("button");
  const words = stretch.matches(".seatrial-edit") && lines.length > 1
    ? `copy the ${lines.length} lines`
    : "copy";
  button.type = "button";
  button.className = "seatrial-copy";
  button.textContent = words;
  button.setAttribute("aria-label", `${words}: ${where.textContent.trim()}`);
  let silence = 0;
  button.addEventListener("click", async () => {
    const copied = await putOnClipboard(lines.map((each) => each.textContent).join("\n"));
    button.focus();
    button.textContent = copied ? "copied" : "not copied";
    said.textContent = copied ? "copied" : "not copied: the browser forbids it";
    clearTimeout(silence);
    silence = setTimeout(() => {
      button.textContent = words;
      said.textContent = "";
    }, 2500);
  });
  where.append(button);
}

// The spelling of Compose: one choice for all pages, kept in the browser over windows and days.
const SPELLINGS = { v2: "docker compose", v1: "docker-compose" };
const switches = [...document.querySelectorAll(".seatrial-switch")];
// Commands in sentences and tables that are the same in both, but for the hyphen.
const spelt = [...document.querySelectorAll(".seatrial-spelt")].map((each) => [each, each.innerHTML]);
const SPACE = /docker(<\/[^>]+>)?\s(<[^>]+>)?compose/;

function remembered() {
  try {
    return localStorage.getItem("seatrial-spelling");
  } catch {
    return null;
  }
}

function choose(spelling) {
  document.documentElement.dataset.spelling = spelling;
  for (const [each, html] of spelt) {
    each.innerHTML = spelling === "v1" ? html.replace(SPACE, SPELLINGS.v1) : html;
  }
  for (const button of switches.flatMap((each) => [...each.children])) {
    button.setAttribute("aria-pressed", button.value === spelling);
  }
}

function remember(spelling) {
  try {
    localStorage.setItem("seatrial-spelling", spelling);
  } catch {
    // a browser that forbids it forgets the choice with the page
  }
}

for (const each of switches) {
  each.setAttribute("role", "group");
  each.setAttribute("aria-label", "Spelling of Compose");
  for (const [spelling, command] of Object.entries(SPELLINGS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.value = spelling;
    button.textContent = command;
    button.addEventListener("click", () => {
      const top = each.getBoundingClientRect().top;
      choose(spelling);
      remember(spelling);
      // what is pressed stays where it is, at once: a theme may have pages scroll slowly
      scrollBy({ top: each.getBoundingClientRect().top - top, behavior: "instant" });
    });
    each.append(button);
  }
}

if (switches.length) choose(remembered() === "v1" ? "v1" : "v2");

// Another window of the same site may have chosen.
addEventListener("storage", (event) => {
  if (switches.length && event.key === "seatrial-spelling") choose(event.newValue === "v1" ? "v1" : "v2");
});

// A link to a claim opens its proof.
function openTarget() {
  let id = location.hash.slice(1);
  try {
    id = decodeURIComponent(id);
  } catch {
    // an address that somebody mistyped leads nowhere
  }
  let target = id && document.getElementById(id);
  // a label before a claim
  if (target && target.matches("span:empty")) target = target.nextElementSibling;
  if (target && target.matches(".seatrial-claim")) target.querySelector("details").open = true;
}

openTarget();
addEventListener("hashchange", openTarget);

// On paper every fold is open; afterwards those close again that were closed.
const opened = [];
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) {
    fold.open = true;
    opened.push(fold);
  }
});
addEventListener("afterprint", () => {
  for (const fold of opened.splice(0)) fold.open = false;
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
const scrolling = ".seatrial-table, .nboutput .output_area pre";
for (const each of document.querySelectorAll(scrolling)) watcher.observe(each);
