"use strict";
// Rows are data; only those on the page that is shown are elements. All texts are set as text, never as HTML.
{
  const ROWS = 50;
  const byId = id => document.getElementById(id);
  const {rows, columns, legend, bar, scale, downloads} = JSON.parse(byId("overview-data").textContent);
  const nameFilter = byId("filter-name"), stateFilter = byId("filter-state");
  const previous = byId("previous-rows"), next = byId("next-rows");
  const number = value => value.toLocaleString("en");
  let shown = rows, first = 0;

  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };
  const code = text => make("code", "", text);
  const marked = state => `${legend[state][0]} ${legend[state][1]}`;
  const ruleLink = (ruleCode, name) => {
    const link = make("a", "", `${ruleCode} ${name}`);
    link.href = `#${ruleCode}`;
    return link;
  };
  const swatch = state => make("li", state, make("span", `swatch ${state}`), make("span", "state", marked(state)));

  const strip = row => {
    const segments = row.bar ?? [];
    const total = segments.reduce((sum, [size]) => sum + size, 0);
    const drawn = make("div", "strip");
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", `${bar}: ` + (segments.map(([size, state]) => `${number(size)} bytes ${legend[state][1]}`).join("; ") || "nothing"));
    if (scale) drawn.style.width = `${100 * total / scale}%`;
    for (const [size, state, good] of segments) {
      if (!size && scale) continue;
      const segment = make("span", `layer ${state}`);
      segment.style.flexGrow = size;
      segment.title = `${marked(state)}: ${number(size)} bytes`;
      if (good) {
        const part = make("i");
        part.style.width = `${good}%`;
        segment.append(part);
      }
      drawn.append(segment);
    }
    return drawn;
  };

  const facts = row => {
    const list = make("dl");
    for (const [term, text] of row.facts ?? []) list.append(make("dt", "", term), make("dd", "", text));
    return list;
  };

  const parts = row => {
    const list = make("ul", "parts");
    for (const [state, label, size, ruleCode, rule, place] of row.parts ?? []) {
      const item = make("li", state, make("span", "state", marked(state)), ` ${label}, ${size} `);
      if (ruleCode) item.append(ruleLink(ruleCode, rule), " ");
      item.append(code(place));
      list.append(item);
    }
    if (row.rest) list.append(make("li", "faint", row.rest));
    return list;
  };

  const finding = ([severity, ruleCode, rule, path, message, remedy]) => {
    const found = make("div", `found ${severity}`, make("p", "", make("span", "badge", severity), " ", ruleLink(ruleCode, rule)));
    if (path) found.append(make("p", "", code(path)));
    found.append(make("p", "", message), make("p", "next", remedy));
    return found;
  };

  const details = row => {
    const cell = make("td", "", facts(row), parts(row), ...(row.findings ?? []).map(finding));
    cell.colSpan = columns.length + 3;
    if (row.more) cell.append(make("p", "found faint", `… and ${number(row.more)} more findings; the JSON report lists them all.`));
    if (row.remarks) cell.append(make("p", "faint", `${number(row.remarks)} ${row.remarks === 1 ? "remark" : "remarks"}, in the JSON report; no action needed.`));
    return make("tr", "details", cell);
  };

  const opener = (row, line) => {
    const button = make("button", "opens", make("bdi", "", row.name));
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    let opened = null;
    button.addEventListener("click", () => {
      if (opened) {
        opened.remove();
        opened = null;
      } else {
        opened = details(row);
        line.after(opened);
      }
      button.setAttribute("aria-expanded", String(opened !== null));
    });
    return button;
  };

  const MARKS = {intact: "✔", repairable: "✚", incomplete: "✖"};
  const lineOf = row => {
    const line = make("tr");
    line.append(make("td", `state ${row.state}`, `${MARKS[row.state]} ${row.state}`), make("td", "name", opener(row, line)));
    row.cells.forEach((text, column) => {
      const cell = make("td", "cell", text);
      cell.dataset.label = columns[column];
      line.append(cell);
    });
    line.append(make("td", "bar", strip(row)));
    return line;
  };

  const draw = () => {
    const page = shown.slice(first, first + ROWS);
    byId("rows").replaceChildren(...page.map(lineOf));
    byId("shown-rows").textContent = page.length
      ? `${number(first + 1)} to ${number(first + page.length)} of ${number(shown.length)}`
      : "none fits the filter";
    previous.hidden = next.hidden = shown.length <= ROWS;
    previous.disabled = first === 0;
    next.disabled = first + ROWS >= shown.length;
  };

  const textOf = row => row.text ??= [row.name, ...(row.facts ?? []).map(([, text]) => text)].join("\n").toLowerCase();
  const filter = () => {
    const words = nameFilter.value.toLowerCase().split(/\s+/).filter(Boolean), state = stateFilter.value;
    shown = rows.filter(row => (!state || row.state === state) && words.every(word => textOf(row).includes(word)));
    first = 0;
  };

  // The address names what is shown, so that it can be kept or passed on.
  const remember = () => {
    const told = new URLSearchParams();
    if (stateFilter.value) told.set("state", stateFilter.value);
    if (nameFilter.value) told.set("name", nameFilter.value);
    if (first) told.set("page", first / ROWS + 1);
    try {
      history.replaceState(null, "", `#${told}`);
    } catch {
      // A page without an address of its own has none to change.
    }
  };
  const recall = () => {
    const told = new URLSearchParams(location.hash.slice(1));
    if (!["state", "name", "page"].some(key => told.has(key))) return false;
    stateFilter.value = told.get("state") ?? "";
    nameFilter.value = told.get("name") ?? "";
    filter();
    const page = Math.trunc(Number(told.get("page"))) || 1;
    first = ROWS * Math.max(0, Math.min(page, Math.ceil(shown.length / ROWS)) - 1);
    draw();
    return true;
  };
  const turn = by => {
    first += by * ROWS;
    draw();
    remember();
    byId("overview-title").scrollIntoView();
  };

  for (const input of [nameFilter, stateFilter]) {
    input.addEventListener("input", () => {
      filter();
      draw();
      remember();
    });
  }
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  addEventListener("hashchange", recall);

  const adder = document.querySelector("button[data-adds-to]");
  if (adder) {
    adder.hidden = false;
    adder.addEventListener("click", () => {
      const list = byId(adder.dataset.addsTo);
      for (const [heading, ways] of downloads) {
        list.append("\n", make("strong", "", `${heading}\n`), ...ways.map(way => make("span", "", `  ${way}\n`)));
      }
      byId("more-downloads").remove();
      adder.remove();
      list.focus();
    });
  }

  const drawn = new Set(rows.flatMap(row => (row.bar ?? []).map(([, state]) => state)));
  byId("bar-legend").append(make("li", "faint", `${bar}:`), ...Object.keys(legend).filter(state => drawn.has(state)).map(swatch));
  byId("overview").hidden = false;
  if (!recall()) draw();
}
