// What sphinx-tabs and furo leave out, and buttons that copy. Loaded with `defer`: after its script has run, before it looks at
// the page.

// Where session storage is blocked, sphinx-tabs falls back on an object without the two methods
// that it goes on to call.
if (window.session && typeof window.session.getItem !== "function") {
  window.session = { getItem: () => null, setItem: () => {} };
}

// Furo's link to the top of the page lies on the text, and outside every landmark.
{
  const link = document.querySelector(".back-to-top");
  if (link) {
    const nav = document.createElement("nav");
    nav.setAttribute("aria-label", "Page");
    nav.append(link);
    document.querySelector(".article-container").append(nav);
  }
}

// A button that copies a block of code that is no transcript: those have their own. What is only
// shown, such as a message, has none. The library for this, sphinx-copybutton, loads three more files
// on every page, and its button cannot be seen by who reaches it with the keyboard.
if (navigator.clipboard) {
  const file = ".literal-block-wrapper > div";
  const piece = 'div[class^="highlight-"]:not(.highlight-text, .nbinput *, .nboutput *)';
  for (const block of document.querySelectorAll(`article :is(${file}, ${piece}) > .highlight`)) {
    const caption = block.closest(".literal-block-wrapper")?.querySelector(".code-block-caption");
    const name = caption?.querySelector(".caption-text").textContent ?? "this block";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "site-copy";
    button.textContent = "copy";
    button.setAttribute("aria-label", `copy ${name}`);
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      const text = block.querySelector("pre").textContent;
      const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
      said.textContent = copied ? "copied" : "not copied: the browser forbids it";
      setTimeout(() => said.replaceChildren(), 4000);
    });
    if (caption) caption.append(said, button);
    else block.prepend(button, said);
  }
}

// A table that is wider than the page scrolls by itself, also by the keyboard.
{
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const each of document.querySelectorAll(".table-wrapper")) watcher.observe(each);
}

{
  const tabLists = document.querySelectorAll(".sphinx-tabs [role='tablist']");
  const tabsOf = (list) => [...list.querySelectorAll("[role='tab']")];

  // One stop of the Tab key for each list, at the tab that is selected, also after another list
  // has selected it.
  function syncTabStops(list) {
    for (const tab of tabsOf(list)) {
      tab.tabIndex = tab.getAttribute("aria-selected") === "true" ? 0 : -1;
    }
  }

  for (const list of tabLists) {
    syncTabStops(list);
    new MutationObserver(() => syncTabStops(list)).observe(list, {
      attributeFilter: ["aria-selected"],
      subtree: true,
    });
    list.addEventListener("focusout", (event) => {
      if (!list.contains(event.relatedTarget)) syncTabStops(list);
    });
    list.addEventListener("keydown", (event) => {
      const target = { Home: tabsOf(list).at(0), End: tabsOf(list).at(-1) }[event.key];
      if (!target) return;
      event.preventDefault();
      target.focus();
    });
  }
}
