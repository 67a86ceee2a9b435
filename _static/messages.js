// The field that finds a message in what a reader pastes. Nothing that is pasted leaves the page: it is
// compared with the messages in messages-data.js, which is loaded once somebody types.
{
  const here = new URL(document.currentScript.src);
  const root = new URL("../", here);
  const SHOWN = 3;

  // ---- what a message looks like

  const PLACEHOLDER = /\{([a-z_]+)\}|\.\.\./g;
  // What older versions put around a name, or before it.
  const QUOTE = "\\\\*[\"'\u2018\u2019\u201c\u201d`]\\\\*";
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  // A terminal may break a line anywhere, and a copy may lose the blank at its end.
  const letters = (text) =>
    [...text.replace(/\s+/g, "")]
      .map((letter) => (/["'`]/.test(letter) ? QUOTE : escape(letter)))
      .join("\\s*");

  // A line of the data as an expression, and the names of its groups.
  function compile(line, kinds) {
    const names = [];
    const parts = [];
    let at = 0;
    for (const found of line.matchAll(PLACEHOLDER)) {
      parts.push(letters(line.slice(at, found.index)));
      at = found.index + found[0].length;
      const last = !line.slice(at).trim();
      const name = found[1];
      if (!name) parts.push(last ? "" : "[\\s\\S]{0,400}?");
      else if (names.includes(name)) parts.push(`\\${names.indexOf(name) + 1}`);
      else {
        names.push(name);
        parts.push(`(${value(kinds[name], last)})`);
      }
    }
    parts.push(letters(line.slice(at)));
    return { names, pattern: new RegExp(parts.filter(Boolean).join("\\s*"), "g") };
  }

  // What may stand for a placeholder, once broken by a terminal where more of the message follows.
  function value(kind, last) {
    const loose = !kind || kind.includes(".+") || kind.startsWith("[^");
    const one = !kind ? "[^\\s\"',;]" : loose ? (kind.startsWith("[^") ? kind.replace(/[*+]$/, "") : ".") : "";
    if (last) return kind ? kind.replace(/\?$/, "") : `${one}+`;
    if (loose) return `${one}+?(?:\\s*\\n\\s*${one}*?)?`;
    // ids and numbers: any of their signs may be followed by a break
    return kind.replace(/(\[[^\]]+\]|\\d)\{(\d+),(\d+)\}/, "$1(?:\\s?$1){0,63}").replace(/(\\d)\+$/, "$1(?:\\s?$1)*");
  }

  // ---- how alike a line is that no message is word for word

  const WORD = /[a-z]{2,}|\b(?:52|56|137)\b/g;
  const words = (text) => new Set(text.toLowerCase().replace(PLACEHOLDER, " ").match(WORD) ?? []);
  const TROUBLE =
    /error|fatal|fail|denied|refused|reject|not found|no such|can(?:no|')t|could not|couldn't|unable|invalid|unknown|unsupported|missing|undefined|does ?n[o']t exist|already|must |not (?:a|be|set|allowed|permitted|running|available|supported|recogni)|is not|are you|conflict|in use|no (?:matching|space|module|pg_hba|password)|exception|exited|killed|unhealthy|unexpected|expect|too many|reserved|closed|obsolete|timed? ?out|warn/i;
  const ENOUGH = 0.62;

  function weigh(messages) {
    const many = new Map();
    for (const each of messages) {
      const of = new Set(each.lines.flatMap((line) => [...words(line)]));
      for (const word of of) many.set(word, (many.get(word) ?? 0) + 1);
    }
    return (word) => Math.log((messages.length + 1) / ((many.get(word) ?? 0) + 0.5));
  }

  // The share of a wording's rare words that a line has.
  function likeness(wording, line, weight) {
    let all = 0;
    let both = 0;
    let count = 0;
    for (const word of wording) {
      all += weight(word);
      if (line.has(word)) {
        both += weight(word);
        count += 1;
      }
    }
    // three words of four may meet by chance
    return count < Math.min(4, wording.size) || both < 4 ? 0 : both / all;
  }

  // ---- finding

  // Lines as the program wrote them, where a terminal has broken them at its edge.
  function unwrapped(text) {
    const lines = text.replace(/\r/g, "").split("\n");
    const width = Math.max(...lines.map((line) => line.length));
    const full = lines.filter((line) => line.length === width).length;
    const broken = width >= 40 && (width % 10 === 0 || full > 1);
    if (!broken) return lines.join("\n");
    const whole = [];
    lines.forEach((line, at) => {
      if (at && lines[at - 1].length === width) whole.push(whole.pop() + line);
      else whole.push(line);
    });
    return whole.join("\n");
  }

  function prepare(data) {
    const weight = weigh(data.messages);
    for (const each of data.messages) {
      each.ways = each.lines.map((line) => ({
        ...compile(line, data.kinds),
        size: line.replace(PLACEHOLDER, "").replace(/\s/g, "").length,
        words: words(line),
      }));
    }
    return { ...data, weight };
  }

  // The messages that a text holds, the one that says most first.
  function find(data, text) {
    const found = new Map();
    const keep = (message, score, values) => {
      if (score > (found.get(message)?.score ?? 0)) found.set(message, { message, score, values });
    };
    for (const version of new Set([unwrapped(text), text])) {
      for (const message of data.messages) {
        for (const way of message.ways) {
          const last = [...version.matchAll(way.pattern)].at(-1);
          if (!last) continue;
          const values = {};
          way.names.forEach((name, at) => {
            values[name] = (last[at + 1] ?? "").replace(/\s*\n\s*/g, "").replace(/[.:]+$/, "");
          });
          if (version === text || !found.has(message)) keep(message, 1000 + way.size, values);
        }
      }
    }
    if (!found.size) {
      const lines = unwrapped(text).split("\n");
      const pairs = lines.map((line, at) => `${line} ${lines[at + 1] ?? ""}`);
      for (const line of [...lines, ...pairs]) {
        if (!TROUBLE.test(line)) continue;
        const of = words(line);
        for (const message of data.messages) {
          for (const way of message.ways) {
            const score = likeness(way.words, of, data.weight);
            if (score >= ENOUGH) keep(message, score, {});
          }
        }
      }
    }
    const named = services(text);
    const order = [...found.values()].map((each) => ({ ...each, values: { ...named, ...each.values } }));
    order.sort((a, b) => Boolean(a.message.symptom) - Boolean(b.message.symptom) || b.score - a.score);
    return order;
  }

  // ---- the reader's own services

  // A line of a log, or a command that was typed into a container: its service, and what follows.
  const OPTION = "(?:-[uewn]|--(?:user|env|workdir|index|name|tail|since))[ =]\\S+ |-\\S+ ";
  const SERVICES = [
    /^\s*([a-z0-9][\w.-]*?)(?:[-_]\d+)?\s+\|\s(.*)/i,
    new RegExp(`docker[ -]compose (?:${OPTION})*(?:exec|run) (?:${OPTION})*([a-z0-9][\\w.-]*) (.*)`, "i"),
    new RegExp(`docker exec (?:${OPTION})*[a-z0-9][\\w.-]*?[-_]([a-z0-9]+)[-_]\\d+ (.*)`, "i"),
  ];
  // What only a database server writes, or is typed beside one; and what only Python does.
  const BY_ROLE = {
    db: /UTC \[\d+\]|^(?:psql|pg_\w+|createdb|dropdb|createuser)\b/,
    web: /python|django|manage\.py|gunicorn|traceback|\bpip\b|^\s*File "/i,
  };

  // What the sample project calls web and db is called so by the text, as far as it says.
  function services(text) {
    const named = {};
    for (const line of text.split("\n")) {
      const [, service, rest] = SERVICES.map((each) => each.exec(line)).find(Boolean) ?? [];
      const role = service && Object.keys(BY_ROLE).find((each) => BY_ROLE[each].test(rest));
      if (role) named[role] = service;
    }
    return named;
  }

  // ---- showing

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // Text in which ``...`` is code.
  const prose = (text) =>
    text.split("``").map((part, at) => (at % 2 ? make("code", { textContent: part }) : part));

  const SERVICE = /^(docker compose (?:exec|run|logs|restart|up|config)(?: .+?)??) (web|db)(?= |$)/;

  function command(message, values) {
    return message.type
      .replace(SERVICE, (_, before, role) => `${before} ${values[role] ?? role}`)
      .replace(/\{([a-z_]+)\}/g, (_, name) => values[name] || name.toUpperCase());
  }

  function answer(data, { message, values }) {
    const page = new URL(`${data.page}#message-${message.id}`, root).href;
    const item = make("li", {}, make("p", {}, make("a", { href: page, textContent: message.title })));
    item.append(make("p", {}, ...prose(message.cause)));
    if (message.type) {
      const typed = command(message, values);
      const said = make("span", { role: "status" });
      const row = make("div", { className: "paste-type" }, make("code", { textContent: typed }));
      if (navigator.clipboard) {
        const button = make("button", { type: "button", textContent: "copy" });
        button.setAttribute("aria-label", `copy ${typed}`);
        said.setAttribute("role", "status");
        button.addEventListener("click", async () => {
          const copied = await navigator.clipboard.writeText(typed).then(() => true, () => false);
          said.textContent = copied ? "copied" : "not copied: the browser forbids it";
          setTimeout(() => said.replaceChildren(), 4000);
        });
        row.append(button);
      }
      item.append(row, said);
    }
    const fixes = message.fixes.flatMap(([address, title], at) => [
      at ? " or " : "Fix: ",
      make("a", { href: new URL(address, root).href, textContent: title }),
    ]);
    item.append(make("p", {}, ...fixes));
    return item;
  }

  function show(data, text, place) {
    const found = text.trim() ? find(data, text) : [];
    if (found.length) {
      const list = make("ol", { className: "paste-found" });
      list.append(...found.slice(0, SHOWN).map((each) => answer(data, each)));
      place.replaceChildren(list);
    } else if (text.trim()) {
      const all = make("a", { href: new URL(data.page, root).href, textContent: "All messages" });
      place.replaceChildren(make("p", {}, "No message of this site is like it. ", all));
    } else place.replaceChildren();
  }

  // ---- the field

  let loaded;
  const load = () =>
    (loaded ??= new Promise((resolve, reject) => {
      window.recordedMessages = (data) => resolve(prepare(data));
      const script = make("script", { src: new URL("messages-data.js", here).href });
      script.addEventListener("error", reject);
      document.head.append(script);
    }));

  document.querySelectorAll(".paste-messages").forEach((box, number) => {
    const id = `paste-messages-${number}`;
    const label = make("label", { htmlFor: id, textContent: "Paste what you see" });
    const field = make("textarea", { id, rows: 3, spellcheck: false, autocomplete: "off" });
    const note = make("p", { id: `${id}-note`, textContent: "It stays on this page: nothing is sent." });
    field.setAttribute("aria-describedby", note.id);
    field.setAttribute("autocapitalize", "off");
    const place = make("div", { className: "paste-answers" });
    place.setAttribute("aria-live", "polite");
    let waiting;
    field.addEventListener("focus", load, { once: true });
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => show(await load(), field.value, place), 150);
    });
    box.prepend(label, field, note, place);
  });

  // For tests, and for who wants to ask without the field.
  window.findMessages = async (text) => find(await load(), text).map((each) => ({
    id: each.message.id,
    score: each.score,
    type: command(each.message, each.values),
  }));
}
