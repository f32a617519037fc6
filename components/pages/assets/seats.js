// Draws the map of a section over its boxes, adds up what is chosen, and follows what others take.
"use strict";
(() => {
  const picker = document.getElementById("picker");
  if (!picker) return;
  const { event, section, price, decimals, money, most } = picker.dataset;
  const seatsPerRow = Number(picker.dataset.seatsPerRow);
  const total = document.getElementById("total");
  const language = document.documentElement.lang;
  const SVG = "http://www.w3.org/2000/svg";
  const STATES = { ".": "free", h: "held", s: "sold" };
  // One seat of the map, in the units of its drawing.
  const PITCH = 10;
  const RADIUS = 4;

  const boxes = new Map();
  for (const box of picker.querySelectorAll("input[name=seats]")) boxes.set(box.value, box);
  const name = (row, number) => `${section}-${row}-${number}`;
  const chosen = () => [...boxes.values()].filter((box) => box.checked);

  const amount = (minor) => {
    const digits = Number(decimals);
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return money.replace("{number}", (minor / 10 ** digits).toLocaleString(language, options));
  };

  const tell = (text) => {
    const seats = chosen();
    const sum = seats.length ? `${seats.map((box) => box.value).join(", ")}: ${amount(seats.length * Number(price))}` : "";
    total.textContent = [text, sum].filter(Boolean).join(" ");
  };

  // The map has one shape for each seat: keyboards and screen readers use the boxes.
  const shapes = new Map();
  const svg = document.createElementNS(SVG, "svg");
  const setHeight = (rows) => svg.setAttribute("viewBox", `0 0 ${seatsPerRow * PITCH} ${rows * PITCH}`);
  setHeight(Number(picker.dataset.rows));
  svg.setAttribute("aria-hidden", "true");
  const draw = (row, number, state) => {
    const key = name(row, number);
    const shape = document.createElementNS(SVG, "use");
    shape.setAttribute("x", String((number - 0.5) * PITCH));
    shape.setAttribute("y", String((row - 0.5) * PITCH));
    shape.dataset.seat = key;
    shapes.set(key, shape);
    paint(key, state);
    svg.append(shape);
  };
  const symbol = (id, markup) => {
    const group = document.createElementNS(SVG, "g");
    group.id = id;
    for (const [tag, attributes] of markup) {
      const part = document.createElementNS(SVG, tag);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      group.append(part);
    }
    return group;
  };
  const circle = ["circle", { r: RADIUS }];
  const line = (x1, y1, x2, y2) => ["line", { x1, y1, x2, y2 }];
  const symbols = document.createElementNS(SVG, "defs");
  // Shapes differ, not colours alone: a ring, a tick, half a disc, a cross.
  symbols.append(
    symbol("seat-free", [circle]),
    symbol("seat-mine", [circle, ["path", { d: "M-2,0 L-0.5,2 L2.5,-2" }]]),
    symbol("seat-held", [circle, line(-2.5, 0, 2.5, 0)]),
    symbol("seat-sold", [line(-2.5, -2.5, 2.5, 2.5), line(-2.5, 2.5, 2.5, -2.5)]),
  );
  svg.append(symbols);

  const states = new Map();
  const paint = (key, state) => {
    states.set(key, state);
    const isMine = boxes.get(key)?.checked;
    const shown = isMine ? "mine" : state;
    const shape = shapes.get(key);
    if (!shape) return;
    shape.setAttribute("href", `#seat-${shown}`);
    shape.setAttribute("class", shown);
  };

  const label = (box, state) => {
    const words = picker.dataset;
    const before = box.getAttribute("aria-label").split(", ").slice(0, -1).join(", ");
    box.setAttribute("aria-label", `${before}, ${words[state]}`);
  };

  const change = (key, state) => {
    if (states.get(key) === state) return;
    const box = boxes.get(key);
    if (box) {
      const wasMine = box.checked;
      box.disabled = state !== "free";
      if (state !== "free") box.checked = false;
      box.parentElement.className = `seat ${state}`;
      label(box, state);
      if (wasMine && state !== "free") tell(picker.dataset.gone.replace("{seat}", key));
    }
    paint(key, state);
  };

  // A seat of a page of rows that is not shown has no box yet.
  const boxOf = (key) => {
    if (boxes.has(key)) return boxes.get(key);
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", name: "seats", value: key, hidden: true });
    picker.append(box);
    boxes.set(key, box);
    return box;
  };

  const toggle = (box) => {
    if (box.checked && chosen().length > Number(most)) {
      box.checked = false;
      tell(picker.dataset.tooMany);
    } else {
      tell("");
    }
    paint(box.value, states.get(box.value) ?? "free");
  };
  picker.addEventListener("change", ({ target }) => {
    if (target.name === "seats") toggle(target);
  });
  svg.addEventListener("click", ({ target }) => {
    const key = target.dataset?.seat;
    if (!key || states.get(key) !== "free") return;
    const box = boxOf(key);
    box.checked = !box.checked;
    toggle(box);
  });

  const frame = document.getElementById("map");
  let zoom = 1;
  const ZOOM_MAX = 8;
  for (const button of frame.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      zoom = Math.min(ZOOM_MAX, Math.max(1, button.dataset.zoom === "in" ? zoom * 1.5 : zoom / 1.5));
      svg.setAttribute("width", `${zoom * 100}%`);
    });
  }
  const view = document.createElement("div");
  view.className = "view";
  view.append(svg);
  frame.append(view);

  // A section may get more rows while it is sold.
  const showMap = ({ rows, map }) => {
    setHeight(rows);
    for (let index = 0; index < map.length; index += 1) {
      const [row, number] = [Math.floor(index / seatsPerRow) + 1, (index % seatsPerRow) + 1];
      const key = name(row, number);
      const state = STATES[map[index]] ?? "held";
      if (shapes.has(key)) change(key, state);
      else draw(row, number, state);
    }
    frame.hidden = false;
  };

  const source = new EventSource(`/api/v1/events/${event}/seats/stream?section=${section}`);
  source.addEventListener("map", ({ data }) => showMap(JSON.parse(data)));
  source.addEventListener("seats", ({ data }) => {
    for (const [key, state] of Object.entries(JSON.parse(data).changes)) change(key, STATES[state] ?? "held");
  });
  for (const box of boxes.values()) {
    const state = ["free", "held", "sold"].find((it) => box.parentElement.classList.contains(it));
    states.set(box.value, state);
  }
  tell("");
})();
