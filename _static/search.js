// Ranks the sections of this site by what a reader has typed. It works from any address, also from a
// file's: the index is a script, which calls `siteSearch`, and nothing is fetched.
"use strict";

const siteSearch = (() => {
  // How much a word counts by where it is: the section's title, the titles above it, what
  // tools/synonyms.toml says that people ask for, sentences, and lines of code and output.
  const FIELDS = { title: 5, trail: 2, asked: 3, prose: 1.4, code: 0.9 };
  const EVEN = { title: 0.3, trail: 0.2, asked: 0.2, prose: 0.6, code: 0.6 }; // what length takes away
  const SATURATION = 1.4;
  const SYNONYM = 0.75; // of a word's own weight
  const GUESS = 0.5; // a word like one that nobody wrote
  const NAMED = 1; // where title or question is what was typed
  const TITLE = 3; // how many words a title has at least that counts in full on any page once it is typed
  const ALIKE = 2.5; // the larger, the less a title counts that is only in part what was typed
  const BESIDE = 0.4; // where two words are beside each other
  const COVERED = 1; // the larger, the more it counts that all words are there
  const UNKNOWN = 3; // how rare a word is that is nowhere
  const A_PAGE = 2; // how many sections of one page are among the first
  const FIRST = 5;
  const MOST = 30;

  const STOP = new Set(
    ("a an the is are was were be been am do does did doing how what why when which who i im ive my we our me " +
      "you your it its this that these those of to in on at for with and or as by from if then so there " +
      "after before into get gets got has have had use using want can could should would will happen " +
      "happens happened please help way best properly try trying tried need needs let lets just only very " +
      "about also during while them they his her its")
      .split(" ")
  );
  const UNIT = /[^\s"`“”„()[\]{}<>,;=|!?…*&^~→✓]+/gu;
  const EDGES = /^[.:/'’+\\@#$%]+(?=$|[^\p{L}\p{N}-])|^[:/'’+\\@#$%]+|[.:/'’\\-]+$/gu;
  const stemmer = new EnglishStemmer();
  const units = new Map(); // of each word, because most come again

  const stem = (word) => (word.length > 2 && /^\p{L}+$/u.test(word) ? stemmer.stemWord(word) : word);

  // A word as it is typed: its stems, of which `makemigrations` is one and `ALLOWED_HOSTS` two, and for
  // what looks like code the word as a whole, too.
  function unitOf(found) {
    const unit = found.replace(EDGES, "");
    if (!unit) return null;
    const parts = unit
      .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean);
    const whole = unit.toLowerCase();
    const isCode = whole !== parts[0];
    const isOption = isCode && whole.startsWith("-");
    const kept = isOption ? [] : parts.filter((part) => !STOP.has(part)).map(stem);
    return kept.length || isCode ? { parts: kept, whole: isCode ? whole : null } : null;
  }

  function unitsOf(text) {
    const found = [];
    // an address is looked for with its port and without
    const plain = text.replace(/(\p{L})['’](\p{L})/gu, "$1$2").replace(/((?:\d+\.){3}\d+):(?=\d)/gu, "$1 ");
    for (const [word] of plain.matchAll(UNIT)) {
      let unit = units.get(word);
      if (unit === undefined) {
        unit = unitOf(word);
        units.set(word, unit);
      }
      if (unit) found.push(unit);
    }
    return found;
  }

  const stemsOf = (text) => unitsOf(text).flatMap((unit) => unit.parts);

  // Words that mean the same: for the first stem of each, the whole list of stems and its group.
  function groupsOf(same) {
    const groups = new Map();
    same.forEach((names, number) => {
      for (const name of names) {
        const path = stemsOf(name);
        // of `from a container` a single word is left, which means less
        if (!path.length || (path.length === 1 && /[\s_-]/.test(name.trim()))) continue;
        if (!groups.has(path[0])) groups.set(path[0], []);
        groups.get(path[0]).push({ path, key: `§${number}` });
      }
    });
    return groups;
  }

  function* groupsIn(groups, list) {
    for (let at = 0; at < list.length; at++) {
      for (const { path, key } of groups.get(list[at]) ?? []) {
        if (path.every((each, more) => list[at + more] === each)) yield { at, length: path.length, key };
      }
    }
  }

  class Index {
    constructor({ pages, sections, same }) {
      this.groups = groupsOf(same);
      this.sections = [];
      this.counts = new Map(); // in how many sections a word is
      const trail = [];
      for (const [page, anchor, level, title, prose, code, asked = []] of sections) {
        trail.length = level - 1;
        const [address, , weight] = pages[page];
        const section = { page, address, anchor, title, prose, code, weight, trail: [...trail] };
        trail.push(title);
        this.sections.push(section);
        section.fields = { title, trail: section.trail.join("\n"), asked: asked.join("\n"), prose, code };
        section.names = [title, ...asked];
        section.stems = stemsOf(title);
      }
      this.read();
    }

    // Count the words of each section. Its words stay in order, with a gap where a line ends, so that
    // a search can tell which of them are beside each other.
    read() {
      const lengths = Object.fromEntries(Object.keys(FIELDS).map((name) => [name, 0]));
      for (const section of this.sections) {
        section.order = [];
        section.lists = {};
        for (const name of Object.keys(FIELDS)) {
          const list = [];
          for (const line of section.fields[name].split("\n")) {
            const parts = [];
            for (const unit of unitsOf(line)) {
              parts.push(...unit.parts);
              section.order.push(...(unit.parts.length ? unit.parts : [unit.whole]));
              if (unit.whole) list.push(unit.whole);
            }
            list.push(...parts);
            for (const { key } of groupsIn(this.groups, parts)) list.push(key);
            section.order.push("");
          }
          section.lists[name] = list;
          lengths[name] += list.length;
        }
      }
      for (const section of this.sections) {
        section.words = new Map();
        for (const [name, list] of Object.entries(section.lists)) {
          const average = lengths[name] / this.sections.length || 1;
          const each = FIELDS[name] / (1 - EVEN[name] + (EVEN[name] * list.length) / average);
          for (const key of list) section.words.set(key, (section.words.get(key) ?? 0) + each);
        }
        for (const key of section.words.keys()) this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
        delete section.lists;
        delete section.fields;
      }
      for (const section of this.sections) {
        section.names = section.names.map((name) => this.nameOf(name));
      }
    }

    // A title or question: its words, each with how rare it is and what it may be called as well.
    nameOf(text) {
      const list = stemsOf(text);
      const words = list.map((key) => ({ keys: [key], mass: this.rarity(key) || UNKNOWN }));
      for (const { at, length, key } of groupsIn(this.groups, list)) {
        for (let more = 0; more < length; more++) words[at + more].keys.push(key);
      }
      const keys = new Set(words.flatMap((word) => word.keys));
      return { words, keys, mass: words.reduce((sum, word) => sum + word.mass, 0) };
    }

    rarity(key) {
      const count = this.counts.get(key) ?? 0;
      return count ? Math.log(1 + (this.sections.length - count + 0.5) / (count + 0.5)) : 0;
    }

    // What a query asks for: each idea by the keys that stand for it, and how much it counts.
    ideas(query) {
      const units = unitsOf(query);
      const list = units.flatMap((unit) => unit.parts);
      const ideas = list.map((key) => ({ keys: [[key, 1]], share: 1 }));
      for (const { at, length, key } of groupsIn(this.groups, list)) {
        if (length === 1) ideas[at].keys.push([key, SYNONYM]);
        else {
          ideas.push({ keys: [[key, 1]], share: 1 });
          for (let more = 0; more < length; more++) ideas[at + more].share = 0.5;
        }
      }
      ideas.slice(0, list.length).forEach((idea, at) => {
        if (idea.keys.some(([key]) => this.counts.has(key))) return;
        idea.keys.push(...this.guesses(list[at]).map((key) => [key, GUESS]));
      });
      for (let at = 1; at < list.length; at++) {
        const joined = stem(list[at - 1] + list[at]);
        if (this.counts.has(joined)) ideas.push({ keys: [[joined, 1]], share: 1 });
      }
      for (const { whole } of units) {
        if (whole && this.counts.has(whole)) ideas.push({ keys: [[whole, 1]], share: 1.2 });
      }
      for (const idea of ideas) {
        idea.mass = idea.share * Math.max(...idea.keys.map(([key, part]) => part * this.rarity(key)));
        // a word that is nowhere is as rare as can be, and so a reason to doubt the rest
        idea.isKnown = idea.mass > 0;
        if (!idea.isKnown) idea.mass = idea.share * UNKNOWN;
      }
      return { list, ideas };
    }

    // Words that begin like one that nobody wrote, else those a slip of the finger away.
    guesses(word) {
      const all = [...this.counts.keys()].filter((key) => /^[\p{L}\p{N}]+$/u.test(key));
      if (word.length < 3) return [];
      const longer = all.filter((key) => key.startsWith(word));
      const shorter = all.filter((key) => key.length > 3 && word.startsWith(key));
      if (longer.length) return longer.slice(0, 8);
      const allowed = word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
      const near = all.filter((key) => isNear(key, word, allowed));
      return near.length ? near.slice(0, 5) : shorter.sort((a, b) => b.length - a.length).slice(0, 1);
    }

    // The words of a query that are nowhere, under no name; one that begins as others do may not be ready.
    missing(query) {
      const keys = [...this.counts.keys()];
      const isThere = (stems) =>
        stems.some((one) => keys.some((key) => key.startsWith(one))) || !groupsIn(this.groups, stems).next().done;
      return query.split(/\s+/u).filter((word) => {
        const stems = stemsOf(word);
        return stems.length && !isThere(stems);
      });
    }

    find(query) {
      const { list, ideas } = this.ideas(query);
      const mass = ideas.reduce((sum, idea) => sum + idea.mass, 0);
      if (!ideas.some((idea) => idea.isKnown)) return { results: [], ideas };
      const asked = new Set(ideas.flatMap((idea) => idea.keys.map(([key]) => key)));
      const pairs = new Map(); // of each word that was typed, those typed next
      for (let at = 1; at < list.length; at++) {
        if (!pairs.has(list[at - 1])) pairs.set(list[at - 1], new Set());
        pairs.get(list[at - 1]).add(list[at]);
      }
      const results = [];
      const typed = ` ${list.join(" ")} `;
      for (const section of this.sections) {
        const result = this.judge(section, { typed, pairs, asked, ideas, mass });
        if (result) results.push(result);
      }
      results.sort((one, other) => other.score - one.score);
      return { results: mixed(results).slice(0, MOST), ideas };
    }

    judge(section, { typed, pairs, asked, ideas, mass }) {
      let bag = 0;
      let covered = 0;
      for (const { keys, share, mass: own } of ideas) {
        let best = 0;
        for (const [key, part] of keys) {
          const count = section.words.get(key);
          if (!count) continue;
          best = Math.max(best, (part * this.rarity(key) * count) / (SATURATION + count));
        }
        bag += share * best;
        if (best) covered += own;
      }
      if (!bag) return null;
      let beside = 0;
      if (pairs.size) {
        const met = new Set();
        for (let at = 1; at < section.order.length; at++) {
          const pair = pairs.get(section.order[at - 1]);
          if (pair?.has(section.order[at])) met.add(`${section.order[at - 1]} ${section.order[at]}`);
        }
        for (const pair of met) {
          const [one, other] = pair.split(" ");
          beside += (BESIDE * (this.rarity(one) + this.rarity(other))) / 2;
        }
      }
      const cover = covered / mass;
      const named = NAMED * mass * this.named(section, asked, ideas, mass) ** ALIKE;
      const isTyped = section.stems.length >= TITLE && typed.includes(` ${section.stems.join(" ")} `);
      const weight = isTyped ? Math.max(1, section.weight) : section.weight;
      const score = ((bag + beside) * cover ** COVERED + named) * weight;
      return { section, score, cover };
    }

    // How much the best of a section's names is what was typed, and no more than that.
    named(section, asked, ideas, mass) {
      let best = 0;
      for (const name of section.names) {
        let shared = 0;
        for (const word of name.words) {
          if (word.keys.some((key) => asked.has(key))) shared += word.mass;
        }
        if (!shared) continue;
        let met = 0;
        for (const idea of ideas) if (idea.keys.some(([key]) => name.keys.has(key))) met += idea.mass;
        const precise = shared / name.mass;
        const complete = met / mass;
        if (complete) best = Math.max(best, (2 * precise * complete) / (precise + complete));
      }
      return best;
    }
  }

  // Let no page fill the first places alone.
  function mixed(results) {
    const first = [];
    const later = [];
    const of = new Map();
    for (const result of results) {
      const { page } = result.section;
      const already = of.get(page) ?? 0;
      if (first.length < FIRST && already >= A_PAGE) later.push(result);
      else {
        of.set(page, already + 1);
        first.push(result);
      }
      if (first.length === FIRST && later.length) first.push(...later.splice(0));
    }
    return [...first, ...later];
  }

  // Whether two words differ by no more than `allowed` letters that are other, missing or added.
  function isNear(one, other, allowed) {
    if (!allowed || Math.abs(one.length - other.length) > allowed || one[0] !== other[0]) return false;
    let row = Array.from({ length: other.length + 1 }, (_, at) => at);
    for (let down = 1; down <= one.length; down++) {
      const next = [down];
      for (let at = 1; at <= other.length; at++) {
        const cost = one[down - 1] === other[at - 1] ? 0 : 1;
        next[at] = Math.min(row[at] + 1, next[at - 1] + 1, row[at - 1] + cost);
      }
      row = next;
    }
    return row[other.length] <= allowed;
  }

  const load = (data) => {
    load.index = new Index(data);
  };
  load.find = (query) => load.index.find(query);
  load.missing = (query) => load.index.missing(query);
  load.unitsOf = unitsOf;
  return load;
})();
