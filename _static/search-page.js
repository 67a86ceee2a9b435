// The page that shows what was found: as one types, with words of each section around those that were
// looked for. `search.js` ranks; this only shows.
"use strict";

{
  const form = document.querySelector(".site-search");
  const box = form.querySelector("input");
  const said = document.querySelector(".site-search-said");
  const list = document.querySelector(".site-search-results");
  const SHOWN = 12;
  const PIECE = 190; // characters
  const DOUBT = 0.5; // the share of what was typed below which a result is only near

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };

  // The words of a text that were looked for, marked.
  function marked(text, keys) {
    const parts = [];
    let at = 0;
    for (const word of text.matchAll(/[^\s"`“”„()[\]{}<>,;=|!?…*&^~]+/gu)) {
      const isAsked = siteSearch
        .unitsOf(word[0])
        .some(({ parts: stems, whole }) => keys.has(whole) || stems.some((each) => keys.has(each)));
      if (!isAsked) continue;
      parts.push(text.slice(at, word.index), element("mark", "", word[0]));
      at = word.index + word[0].length;
    }
    return [...parts, text.slice(at)];
  }

  // The sentence or line of a section that has most of what was looked for.
  function excerpt(section, rare) {
    const sentences = section.prose.split(/(?<=[.!?:])\s+/u).map((text) => ({ text, tag: "span" }));
    const lines = section.code.split("\n").map((text) => ({ text, tag: "code" }));
    let best = sentences[0];
    let most = 0;
    for (const piece of [...sentences, ...lines]) {
      const keys = new Set(siteSearch.unitsOf(piece.text).flatMap(({ parts, whole }) => [...parts, whole]));
      let sum = 0;
      for (const key of keys) sum += rare.get(key) ?? 0;
      if (piece.tag === "code") sum *= 0.8;
      if (sum > most) [best, most] = [piece, sum];
    }
    return best;
  }

  // At most so many characters, from a little before the first word that was looked for.
  function cut(text, keys) {
    if (text.length <= PIECE) return text;
    const first = [...text.matchAll(/\S+/gu)].find(({ 0: word }) =>
      siteSearch.unitsOf(word).some(({ parts, whole }) => keys.has(whole) || parts.some((p) => keys.has(p)))
    );
    const at = first && first.index > PIECE / 2 ? text.indexOf(" ", first.index - PIECE / 2) + 1 : 0;
    const end = text.length - at <= PIECE ? text.length : text.lastIndexOf(" ", at + PIECE);
    return `${at ? "… " : ""}${text.slice(at, end)}${end < text.length ? " …" : ""}`;
  }

  function shown({ section }, keys, rare) {
    const link = element("a", "", ...marked(section.title, keys));
    link.href = `${section.address}#${section.anchor}`;
    const item = element("li", "", link);
    if (section.trail.length) item.append(element("p", "site-search-trail", section.trail.join(" › ")));
    const piece = excerpt(section, rare);
    if (piece?.text) {
      item.append(element("p", "", element(piece.tag, "", ...marked(cut(piece.text, keys), keys))));
    }
    return item;
  }

  function show(query) {
    list.replaceChildren();
    document.querySelector(".site-search-start").hidden = Boolean(query);
    if (!query) {
      said.textContent = "";
      return;
    }
    const { results, ideas } = siteSearch.find(query);
    const keys = new Set(ideas.flatMap((idea) => idea.keys.map(([key]) => key)));
    const rare = new Map(
      ideas.flatMap((idea) => idea.keys.map(([key, part]) => [key, part * siteSearch.index.rarity(key)]))
    );
    const first = results.slice(0, SHOWN);
    const missing = siteSearch.missing(query);
    list.append(...first.map((result) => shown(result, keys, rare)));
    if (!first.length) {
      said.textContent = `Nothing here has the words “${query}”. Try one of these, or other words.`;
      document.querySelector(".site-search-start").hidden = false;
    } else if (missing.length) {
      const these = first.length === 1 ? "This section is" : `These ${first.length} sections are`;
      said.textContent = `No section has: ${missing.join(", ")}. ${these} the nearest, the best one first.`;
    } else if (first[0].cover < DOUBT) {
      said.textContent = `No section has all of “${query}”. These are the nearest.`;
    } else {
      const count = first.length === 1 ? "One section" : `${first.length} sections`;
      said.textContent = `${count} for “${query}”, the best one first.`;
    }
  }

  function ask() {
    const query = box.value.trim();
    show(query);
    document.title = document.title.replace(/^(.*? – )?/u, query ? `${query} – ` : "");
    const address = new URL(location.href);
    if (query) address.searchParams.set("q", query);
    else address.searchParams.delete("q");
    // so that going back from a result shows these again; a file's address cannot be changed
    try {
      history.replaceState(null, "", address);
    } catch {
      // the results are there all the same
    }
  }

  box.value = new URLSearchParams(location.search).get("q") ?? "";
  ask();
  let later;
  box.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(ask, 150);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(later);
    ask();
  });
  // After furo's script, which only then says that there is JavaScript: until it does, the box is hidden.
  document.addEventListener("DOMContentLoaded", () => {
    if (!box.value) box.focus();
  });
}
