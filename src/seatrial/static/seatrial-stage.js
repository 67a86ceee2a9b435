// A stage: steps through the recorded lines of a run, by its buttons, by the arrow keys and by a click on
// a line. All that it says is on the page already; without a script it stands there as a list.

for (const stage of document.querySelectorAll(".seatrial-stage")) {
  const rows = [...stage.querySelectorAll(".seatrial-row[data-step]")];
  const told = [...stage.querySelectorAll(".seatrial-told > li")];
  const boxes = [...stage.querySelectorAll("[data-box]")];
  const lines = stage.querySelector(".seatrial-stage-lines");
  const saying = stage.querySelector(".seatrial-saying");
  const buttons = [...stage.querySelectorAll("[data-by]")];
  const last = told.length - 1;
  let at = 0;

  function draw() {
    const { at: here, made } = told[at].dataset;
    const states = new Map(made.split(",").filter(Boolean).map((each) => each.split("=")));
    for (const box of boxes) {
      const name = box.dataset.box;
      const note = box.querySelector("small");
      const isHere = name === here;
      const state = name.startsWith("new ") ? states.get(name.slice(4)) : undefined;
      box.classList.toggle("seatrial-here", isHere);
      box.classList.toggle("seatrial-absent", state !== undefined && state !== "" && !isHere);
      note.textContent = (isHere && (state || "you are here")) || (state ?? note.dataset.note);
    }
    for (const row of rows) {
      if (Number(row.dataset.step) === at) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
    }
    for (const button of buttons) {
      const end = button.dataset.by === "1" ? last : 0;
      button.setAttribute("aria-disabled", at === end);
    }
  }

  // The lines scroll by themselves where they are higher than their box; the page never does.
  function follow() {
    const row = rows.find((each) => Number(each.dataset.step) === at);
    const box = lines.getBoundingClientRect();
    const { top, bottom } = row.getBoundingClientRect();
    lines.scrollTop += (top + bottom) / 2 - (box.top + box.bottom) / 2;
  }

  function go(to) {
    const next = Math.min(Math.max(to, 0), last);
    if (next === at) return;
    at = next;
    draw();
    follow();
    saying.textContent = `${at + 1} of ${told.length}. ${told[at].textContent}`;
  }

  for (const button of buttons) {
    button.addEventListener("click", () => go(at + Number(button.dataset.by)));
  }
  for (const row of rows) {
    row.addEventListener("click", () => {
      // who selects a part of the line wants that
      if (getSelection().isCollapsed) go(Number(row.dataset.step));
    });
  }
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
    }[event.key];
    // folds and what scrolls sideways have their own use for keys
    if (to === undefined || event.target.closest("summary, .seatrial-table")) return;
    event.preventDefault();
    go(to);
  });
  draw();
}
