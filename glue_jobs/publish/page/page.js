"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("script");

  // Tables: a click on a header sorts, numbers and dates by their value.
  const value = (row, column) => {
    const cell = row.cells[column];
    const exact = cell.dataset.v;
    return exact === undefined ? cell.textContent : isNaN(exact) ? exact : Number(exact);
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  const sort = (header) => {
    const table = header.closest("table"), body = table.tBodies[0], column = header.cellIndex;
    const falls = header.getAttribute("aria-sort") ? header.getAttribute("aria-sort") === "ascending" : header.classList.contains("n");
    $$("th", table).forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const rows = [...body.rows].map((row) => [value(row, column), row]);
    rows.sort((a, b) => (falls ? compare(b[0], a[0]) : compare(a[0], b[0])));
    body.append(...rows.map(([, row]) => row));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("th button");
    if (button) sort(button.parentElement);
  });

  // Long tables outside of details show 15 rows at first.
  $$(".picture table").forEach((table) => {
    const rows = table.tBodies[0].rows.length;
    if (rows <= 15) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button note", textContent: `Show all ${rows.toLocaleString("en-US")}` });
    table.classList.add("cut");
    button.addEventListener("click", () => { table.classList.remove("cut"); button.remove(); });
    table.closest(".scroll").after(button);
  });

  // Titles of bars appear at once, and beside the pointer.
  const tip = document.createElement("div");
  Object.assign(tip, { className: "tip", hidden: true });
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const show = (event) => {
    const mark = event.target.closest?.(".plot rect, .map path, .map circle");
    const title = mark && $("title", mark);
    if (title) { mark.dataset.t = title.textContent; title.remove(); }
    tip.hidden = !mark?.dataset.t;
    if (tip.hidden) return;
    tip.textContent = mark.dataset.t;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX - width / 2, innerWidth - width - 4))}px`;
    tip.style.top = `${event.clientY - height - 14 < 4 ? event.clientY + 18 : event.clientY - height - 14}px`;
  };
  // A finger that taps does not move.
  ["pointermove", "pointerdown"].forEach((kind) => document.addEventListener(kind, show));
  document.addEventListener("scroll", () => { tip.hidden = true; });

  // The picture over time: what is chosen is drawn from the numbers on the page.
  const form = $("#over-time-form");
  if (!form) return;
  const HEIGHT = 260, TOP = 14, BASE = 230, SHARE = 0.78, LABELS = 6, LABELS_OF_PHONE = 4;
  const data = JSON.parse($("#usage").textContent);
  const counted = (number) => Math.round(number).toLocaleString("en-US");
  const scaled = (number, units, blank) => {
    let place = 0;
    for (; number >= 999.5 && place < units.length - 1; place++) number /= 1000;
    const digits = number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
    return `${Number(number.toFixed(digits)).toLocaleString("en-US")}${blank}${units[place]}`.trim();
  };
  const short = (number) => (number < 10000 ? counted(number) : scaled(number, ["", "K", "M", "B", "T"], ""));
  const size = (number) => number < 1000 ? `${counted(number)}\u00a0${number === 1 ? "byte" : "bytes"}`
    : scaled(number, ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"], "\u00a0");
  const MEASURES = [["downloads", short, counted], ["data served", size, size], ["readers", short, counted]];

  const axis = (largest) => {
    if (largest <= 0) return [1, 1];
    const power = 10 ** Math.floor(Math.log10(largest));
    for (const factor of [0.2, 0.25, 0.5, 1, 2, 2.5, 5]) {
      const step = Math.max(factor * power, 1), lines = Math.ceil(largest / step);
      if (lines <= 4 && Number.isInteger(step)) return [step * lines, step];
    }
  };
  const svg = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, given]) => made.setAttribute(key, given));
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const padded = (numbers, length) => [...Array(length - numbers.length).fill(0), ...numbers];
  const running = (numbers) => { let sum = 0; return numbers.map((number) => (sum += number)); };

  const draw = (names, labels, partial, values, write, exact, label) => {
    const plot = $("#over-time-chart"), [top, step] = axis(Math.max(0, ...values));
    const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, place) => place * step);
    const y = (number) => BASE - ((BASE - TOP) * number) / top;
    plot.previousElementSibling.replaceChildren(...lines.map((line) =>
      svg("text", { x: "100%", y: y(line) + 4, "text-anchor": "end" }, line ? write(line) : "0")));
    const marks = lines.map((line) => svg("line", { x1: 0, x2: "100%", y1: y(line), y2: y(line), ...(line ? {} : { class: "zero" }) }));
    const width = 100 / names.length, share = width < 12 ? SHARE : (SHARE * 12) / width;
    values.forEach((number, place) => {
      if (!number) return;
      const tall = Math.max(BASE - y(number), 0.75), last = partial && place === names.length - 1;
      const bar = svg("rect", { class: last ? "c0 partial" : "c0", x: `${width * (place + (1 - share) / 2)}%`, y: BASE - tall,
        width: `${width * share}%`, height: tall });
      bar.append(svg("title", {}, `${names[place]}: ${exact(number)}`));
      marks.push(bar);
    });
    const every = Math.max(Math.ceil(names.length / LABELS), 1), areMany = names.length / every > LABELS_OF_PHONE;
    for (let place = names.length - 1, order = 0; place >= 0; place -= every, order++) {
      const middle = width * (place + 0.5);
      const [anchor, x] = middle < 5 ? ["start", width * place] : middle > 95 ? ["end", 100] : ["middle", middle];
      marks.push(svg("text", { x: `${x}%`, y: BASE + 20, "text-anchor": anchor, ...(order % 2 && areMany ? { class: "second" } : {}) }, labels[place]));
    }
    plot.replaceChildren(...marks);
    plot.setAttribute("aria-label", label);
  };

  const list = (names, columns) => {
    const rows = names.map((name, place) => {
      const row = document.createElement("tr");
      const add = (text, value) => {
        const cell = row.insertCell();
        Object.assign(cell, { className: "n", textContent: text });
        cell.dataset.v = value;
      };
      add(name, place);
      for (const [column, write] of [[0, counted], [2, size], [4, counted], [1, counted], [3, size], [5, counted]]) {
        add(write(columns[column][place]), columns[column][place]);
      }
      return row;
    });
    const table = $("#over-time-table");
    $$("th", table).forEach((header) => header.removeAttribute("aria-sort"));
    table.tBodies[0].replaceChildren(...rows.reverse());
  };

  const redraw = () => {
    const chosen = new FormData(form), grain = ["day", "week", "month"][chosen.get("grain")];
    const set = data.sets[$("#data-set")?.value ?? 0], { names, labels, partial } = data.grains[grain];
    if (!set.values) { location.href = set.page; return; }
    const measure = Number(chosen.get("measure")), cumulative = form.cumulative;
    // Readers of two periods may be the same people.
    cumulative.disabled = measure === 2;
    const adds = cumulative.checked && !cumulative.disabled, all = form["all-traffic"].checked;
    const columns = set.values[grain].map((numbers) => padded(numbers, names.length));
    const column = columns[2 * measure + (all ? 1 : 0)], [what, write, exact] = MEASURES[measure];
    const label = `Bar chart: ${what} of ${set.name} by ${grain}${adds ? ", cumulative" : ""}${all ? ", all traffic" : ""}`;
    draw(names, labels, partial && !adds, adds ? running(column) : column, write, exact, label);
    list(names, columns);
  };
  form.addEventListener("change", redraw);
  form.addEventListener("submit", (event) => event.preventDefault());
  if ($$("input, select", form).some((field) => field.type === "checkbox" ? field.checked : field.type === "radio" && field.checked !== field.defaultChecked)) redraw();
})();
