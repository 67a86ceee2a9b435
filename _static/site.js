// What sphinx-tabs leaves out. Loaded with `defer`: after its script has run, before it looks at
// the page.

// Where session storage is blocked, sphinx-tabs falls back on an object without the two methods
// that it goes on to call.
if (window.session && typeof window.session.getItem !== "function") {
  window.session = { getItem: () => null, setItem: () => {} };
}

// Furo's link to the top of the page lies outside every landmark.
{
  const link = document.querySelector(".back-to-top");
  if (link) {
    const nav = document.createElement("nav");
    nav.setAttribute("aria-label", "Page");
    link.replaceWith(nav);
    nav.append(link);
  }
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
