// What test_design.py asks of a page at one width: a list of [kind, detail]. Classes of the site are
// named nowhere, so that its markup may change.

({ budget, layout, touch }) => {
  const found = [];
  const say = (kind, detail) => found.push([kind, detail]);
  const article = document.querySelector("article");
  const number = (text) => Number.parseFloat(text);
  const own = (element) =>
    [element.tagName.toLowerCase(), ...[...element.classList].slice(0, 2)].join(".");
  const name = (element) => {
    const around = element.parentElement?.closest("article [class]");
    return around ? `${own(element)} in ${own(around)}` : own(element);
  };
  const excerpt = (text) => text.trim().replace(/\s+/g, " ").slice(0, 50);

  const styles = new Map();
  const style = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
  };

  // For those who hear a page some text is there in a box of one pixel.
  const seen = new Map();
  const isSeen = (element) => {
    if (!element) return true;
    if (!seen.has(element)) {
      const { clipPath, position } = style(element);
      const clipped = position === "absolute" && clipPath !== "none";
      seen.set(element, !clipped && isSeen(element.parentElement));
    }
    return seen.get(element);
  };
  const shown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && isSeen(element);

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, noscript")) continue;
    if (shown(parent)) texts.push({ node, parent });
  }
  const parents = [...new Set(texts.map((each) => each.parent))];

  const rangeOf = (node, from, to) => {
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    return range;
  };

  // ---- colours

  function colour(text) {
    const parts = text.match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    const [r, g, b, alpha = 1] = parts;
    return [r * scale, g * scale, b * scale, alpha];
  }
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((value, at) => value * a + below[at] * (1 - a));
  const backgrounds = new Map();
  function background(element) {
    if (!element) return [255, 255, 255];
    if (!backgrounds.has(element)) {
      const itself = colour(style(element).backgroundColor);
      const below = itself[3] === 1 ? [0, 0, 0] : background(element.parentElement);
      backgrounds.set(element, over(itself, below));
    }
    return backgrounds.get(element);
  }
  function luminance(rgb) {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  for (const parent of parents) {
    const behind = background(parent);
    const front = over(colour(style(parent).color), behind);
    const [light, dark] = [luminance(front), luminance(behind)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < budget.contrast) {
      say("faint", `${name(parent)} "${excerpt(parent.textContent)}" ${ratio.toFixed(2)}`);
    }
  }
  if (!layout) return found;

  // ---- type

  for (const parent of parents) {
    const { fontSize, fontFamily } = style(parent);
    const size = number(fontSize) + 0.05;
    const where = () => `${name(parent)} "${excerpt(parent.textContent)}" ${fontSize}`;
    if (size < budget.text) say("small text", where());
    else if (parent.closest("pre")) {
      if (size < budget.code && /mono/i.test(fontFamily)) say("small code", where());
    } else if (parent.closest("code, kbd, samp, tt") && size < budget.inline) {
      say("small code", where());
    }
  }

  for (const parent of parents) {
    const { textDecorationLine, textDecorationStyle } = style(parent);
    if (textDecorationLine === "none" || textDecorationStyle !== "dotted") continue;
    if (!parent.closest("a")) say("dotted", `${name(parent)} "${excerpt(parent.textContent)}"`);
  }

  const prose = [...article.querySelectorAll("p, li, dd")].filter(
    (each) =>
      !each.closest("table, figure, pre, nav") &&
      style(each).display !== "inline" &&
      number(style(each).fontSize) >= budget.body &&
      [...each.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) &&
      shown(each),
  );
  const measures = [];
  for (const each of prose) {
    const { fontSize, lineHeight, paddingLeft } = style(each);
    const leading = (number(lineHeight) || 1.2 * number(fontSize)) / number(fontSize);
    if (leading <= budget.leading) {
      say("tight lines", `${name(each)} "${excerpt(each.textContent)}" ${leading.toFixed(2)}`);
    }
    const box = each.getBoundingClientRect();
    const lines = Math.round(box.height / number(lineHeight));
    if (lines < 2 || each.querySelector("p, ul, ol, dl, pre, table")) continue;
    const range = document.createRange();
    range.selectNodeContents(each);
    const last = [...range.getClientRects()].at(-1).right - box.left - number(paddingLeft);
    const width = box.width - number(paddingLeft);
    measures.push(each.innerText.trim().length / (lines - 1 + last / width));
  }
  if (measures.length >= 3) {
    const median = measures.sort((a, b) => a - b)[Math.floor(measures.length / 2)];
    if (median > budget.measure) say("long lines", `${median.toFixed(0)} characters`);
  }

  // ---- headings: the end of what stands before, and the beginning of what follows

  const boxes = [...article.querySelectorAll(
    "h1, h2, h3, h4, p, li, dt, dd, pre, table, figure, summary, blockquote, div.highlight, button, label",
  )].filter((each) => shown(each) && each.getBoundingClientRect().height > 0);
  let end = null;
  boxes.forEach((each, at) => {
    const box = each.getBoundingClientRect();
    if (/^H[1-4]$/.test(each.tagName) && end !== null) {
      const next = boxes.slice(at + 1).find((other) => !each.contains(other));
      const above = box.top - end;
      const below = next ? next.getBoundingClientRect().top - box.bottom : 0;
      if (above + 1 < budget.above * below) {
        const [over, under] = [above.toFixed(0), below.toFixed(0)];
        say("heading adrift", `${name(each)} "${excerpt(each.textContent)}" ${over} / ${under}`);
      }
    }
    // what scrolls by itself ends where its box does
    let bottom = box.bottom;
    for (let around = each.parentElement; around !== article; around = around.parentElement) {
      if (style(around).overflowY === "visible") continue;
      bottom = Math.min(bottom, around.getBoundingClientRect().bottom);
    }
    if (!each.querySelector("h1, h2, h3, h4")) end = Math.max(end ?? bottom, bottom);
  });

  // ---- words that are typed stay whole

  for (const { node } of texts) {
    for (const option of node.data.matchAll(/(?<![\w-])--?[a-zA-Z][\w-]*/g)) {
      const rects = rangeOf(node, option.index, option.index + option[0].length).getClientRects();
      const tops = [...rects].filter((each) => each.width > 0).map((each) => each.top);
      if (tops.length > 1 && Math.max(...tops) - Math.min(...tops) > 4) {
        say("torn option", `${name(node.parentElement)} ${option[0]}`);
      }
    }
  }

  // ---- what is wider than its box

  for (let box = article; box; box = box.parentElement) {
    if (box.scrollWidth > box.clientWidth + 1 && style(box).overflowX !== "visible") {
      say("page scrolls sideways", `${name(box)} ${box.scrollWidth} in ${box.clientWidth}`);
    }
  }
  const hasSign = (element) => style(element).backgroundAttachment.includes("local");
  for (const each of article.querySelectorAll("*")) {
    if (each.scrollWidth <= each.clientWidth + 1 || each.clientWidth <= 1 || !shown(each)) continue;
    const { overflowX, display } = style(each);
    const wide = `${name(each)} "${excerpt(each.textContent)}" ${each.scrollWidth} in ${each.clientWidth}`;
    if (display === "inline") continue;
    if (["hidden", "clip"].includes(overflowX)) say("cut", wide);
    else if (["auto", "scroll"].includes(overflowX) && !hasSign(each)) say("scrolls unseen", wide);
    else if (overflowX === "visible" && each.matches("pre, figure, div.highlight")) {
      let box = each;
      while (box !== article && !["auto", "scroll"].includes(style(box).overflowX)) {
        box = box.parentElement;
      }
      if (box === article) say("spills", wide);
    }
  }

  // ---- room for a finger

  if (touch) {
    const targets = [...document.querySelectorAll(
      "a[href], button, summary, select, textarea, label[for], [role=tab], input:not([type=hidden])",
    )]
      .filter((each) => shown(each) && !style(each).pointerEvents.includes("none"))
      .map((element) => {
        const box = element.getBoundingClientRect();
        const { display, lineHeight } = style(element);
        const height = display === "inline"
          ? Math.max(box.height, number(lineHeight) || 0) : box.height;
        return {
          element,
          height,
          width: box.width,
          inline: display.startsWith("inline"),
          icon: !element.textContent.trim() && !element.matches("input, textarea, select"),
          x: box.left + box.width / 2,
          y: box.top + box.height / 2,
        };
      })
      // Furo's overlays are as large as the page, and its switches have no size.
      .filter(({ width, height }) => width > 4 && height > 4 && width < innerWidth);
    const sentence = ({ element, inline }) => {
      const block = element.closest("p, li, dd, dt, td, th, figcaption, h1, h2, h3, h4, div");
      return inline && block !== null &&
        block.textContent.trim().length > element.textContent.trim().length + 3;
    };
    for (const target of targets) {
      const apart = (kind) => Math.min(
        ...targets
          .filter(
            (other) =>
              kind(other) && other.element !== target.element &&
              !other.element.contains(target.element) && !target.element.contains(other.element),
          )
          .map((other) => Math.hypot(other.x - target.x, other.y - target.y)),
      );
      const size = Math.min(target.width, target.height);
      const where = () => `${name(target.element)} "${excerpt(target.element.textContent)}"`;
      const icons = target.icon ? apart((other) => other.icon) : Infinity;
      if (icons < budget.apart) {
        say("touching icons", `${where()} ${icons.toFixed(0)}`);
      } else if (
        size + 0.5 < budget.target && !sentence(target) && apart(() => true) < budget.apart
      ) {
        say("small target", `${where()} ${target.width.toFixed(0)} x ${target.height.toFixed(0)}`);
      }
    }
  }

  // ---- what does not move with the text, and lies on it

  // a line may go on beyond the box that it scrolls in
  const edges = new Map();
  function edge(element) {
    if (element === article) return article.getBoundingClientRect().right;
    if (!edges.has(element)) {
      const right = edge(element.parentElement);
      const ends = style(element).overflowX !== "visible";
      edges.set(element, ends ? Math.min(right, element.getBoundingClientRect().right) : right);
    }
    return edges.get(element);
  }
  const rects = texts
    .filter(({ parent }) => article.contains(parent))
    .flatMap(({ node, parent }) =>
      [...rangeOf(node, 0, node.length).getClientRects()]
        .filter((each) => each.bottom > 0 && each.top < innerHeight)
        .map(({ left, right, top, bottom }) => ({
          left, top, bottom, right: Math.min(right, edge(parent)),
        })))
    .filter((each) => each.left < each.right);
  for (const each of document.body.querySelectorAll("*")) {
    if (!["fixed", "sticky"].includes(style(each).position) || !shown(each)) continue;
    const box = each.getBoundingClientRect();
    const bar = box.top <= 0 && box.width >= innerWidth - 1 && box.height < 100;
    if (bar || box.width * box.height === 0 || each.contains(article)) continue;
    const hides = rects.some(
      (text) =>
        text.left < box.right && text.right > box.left &&
        text.top < box.bottom && text.bottom > box.top,
    );
    if (hides) say("lies on text", name(each));
  }
  return found;
}
