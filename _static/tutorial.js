// How far a reader has come in the tutorial: which parts they marked as done, kept in this browser alone.

// else a function in a block would be one of all scripts of the page
"use strict";

{
  const KEY = "tutorial-done";

  function remembered() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      return new Set(Array.isArray(found) ? found : []);
    } catch {
      // blocked, or not ours: nothing is known
      return new Set();
    }
  }

  const done = remembered();

  function remember(part, isDone) {
    if (isDone) done.add(part);
    else done.delete(part);
    try {
      localStorage.setItem(KEY, JSON.stringify([...done]));
    } catch {
      // a browser that forbids it forgets with the page
    }
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  const nameOf = (link) => link.pathname.split("/").pop().replace(/\.html$/, "");

  function draw() {
    for (const place of document.querySelectorAll(".tutorial-progress")) {
      const parts = place.dataset.parts.split(" ");
      const bar = element("span", "tutorial-bar");
      bar.setAttribute("aria-hidden", "true");
      for (const part of parts) bar.append(element("i", done.has(part) ? "done" : ""));
      const count = parts.filter((part) => done.has(part)).length;
      place.replaceChildren(bar, element("span", "", `${count} of ${parts.length} parts done`));
    }
    for (const item of document.querySelectorAll(".tutorial-parts > li")) {
      const isDone = done.has(nameOf(item.querySelector("a")));
      item.classList.toggle("done", isDone);
      item.querySelector(".tutorial-mark")?.remove();
      if (isDone) item.querySelector("p").append(element("span", "tutorial-mark", " ✓ done"));
    }
  }

  for (const place of document.querySelectorAll(".tutorial-done")) {
    const { part, number } = place.dataset;
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.checked = done.has(part);
    label.append(box, ` I have done part ${number}`);
    box.addEventListener("change", () => {
      remember(part, box.checked);
      draw();
    });
    place.append(label);
  }

  draw();
}
