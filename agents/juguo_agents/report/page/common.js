// What the pages share: words and numbers, elements, charts, tables, the map of the society.
// The data of a page, its texts among them, is in the element #data; names are shown as text, never as markup.
"use strict";
const common = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const STAGES = ["production", "diffusion", "application"];
  const ACTORS = ["producers", "interactors", "participants"];
  const STRATA = ["low", "middle", "high"];
  const USES = ["research", "adaptation", "iteration", "scenarios", "governance", "service", "engagement",
    "enablement", "resilience", "reserve"];
  const INDICATORS = ["resource-allocation target", "production orientation", "governance mode",
    "technology goal", "technology-culture tradition"];
  const USE_COLOURS = ["#00496f", "#2f86bd", "#8ec5e8", "#9c5a00", "#e08a1e", "#f6c67d", "#00573f", "#1f9e77", "#8ed3bb",
    "#c9ced6"];
  const BAD = new Set(["excluded", "crisis"]);

  // Words and numbers.
  const say = (key, values = {}) => {
    const all = { ...unit, ...values };
    return (data.texts[key] ?? key).replace(/(.?)( ?)\{(\w+)\}( ?)(?=(.?))/g, (_, left, before, name, after, right) => {
      const value = String(all[name] ?? "");
      return left + (isWide(left) && isWide(value.charAt(0)) ? "" : before) + value
        + (isWide(value.slice(-1)) && isWide(right) ? "" : after);
    });
  };
  const isWide = (character) => /[\u3000-\u9fff\uff00-\uffef]/.test(character); // needs no space beside another such
  let unit = {}; // of time: one step, and several
  function speakOf(name) {
    const step = data.texts[`step.${name}`], steps = data.texts[`steps.${name}`];
    unit = { step, steps, Step: step[0].toUpperCase() + step.slice(1) };
  }
  function number(x, digits = 3) {
    if (x === null || Number.isNaN(x)) return "–";
    const scaled = Math.abs(x) * 10 ** digits, half = Math.floor(scaled) + 0.5 === scaled;
    const whole = half ? 2 * Math.round(scaled / 2) : Math.round(scaled); // halves to even, as the other files have them
    return (x < 0 && whole ? "−" : "") + (whole / 10 ** digits).toFixed(digits);
  }
  const signed = (x, digits = 3) => (x >= 0.5 * 10 ** -digits ? "+" : "") + number(x, digits);
  const percent = (x, digits = 1) => x === null || Number.isNaN(x) ? "–" : `${number(100 * x, digits)}%`;

  // An element; its children are elements or texts.
  function h(tag, attributes = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    const node = document.createElement(name);
    if (classes.length) node.className = classes.join(" ");
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  // A sentence in which names stand between backticks.
  const sentence = (text) => text.split("`").map((part, i) => i % 2 ? h("code", {}, part) : part);
  const fitted = (text, longest) => text.length > longest ? `${text.slice(0, longest - 1)}…` : text;

  // Charts redraw when their width changes.
  const drawn = new Set();
  function chart(draw, label) {
    const box = h("div.chart");
    const item = { box, width: 0, draw() {
      const width = Math.floor(box.clientWidth);
      if (!width) return;
      item.width = width;
      const made = [draw(width)].flat().filter(Boolean);
      for (const svg of made.flatMap((node) => node.tagName === "svg" ? [node] : [...node.querySelectorAll("svg")])) {
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", label);
      }
      box.replaceChildren(...made);
    } };
    // What the library draws within has labels that nobody may read there; a tip is drawn later.
    new MutationObserver(() => {
      for (const part of box.querySelectorAll("svg [aria-label]")) part.removeAttribute("aria-label");
    }).observe(box, { childList: true, subtree: true });
    box.redraw = item.draw;
    drawn.add(item);
    return box;
  }
  function redrawCharts(changedOnly = false) {
    for (const item of drawn) {
      if (!item.box.isConnected) drawn.delete(item);
      else if (!changedOnly || Math.abs(item.box.clientWidth - item.width) > 2) item.draw();
    }
  }
  const plot = (width, options) => Plot.plot({ width, style: { fontSize: "12px", fontFamily: "inherit", background: "none",
    overflow: "visible" }, ...options });

  function table(caption, head, rows, kind = "") {
    return h("div.scroll", { tabindex: 0, role: "region", "aria-label": caption },
      h(`table${kind}`, {}, h("caption.unseen", {}, caption),
        h("thead", {}, h("tr", {}, head.map((cell, i) => h("th", { scope: "col", class: i ? null : "text" }, cell)))),
        h("tbody", {}, rows.map(([first, ...cells]) => h("tr", {}, h("th", { scope: "row" }, first),
          cells.map((cell) => cell instanceof Element && cell.tagName === "TD" ? cell : h("td", {}, cell)))))));
  }
  const folded = (content) => h("details", {}, h("summary", {}, say("page.table")), content);
  const section = (id, title, ...content) => h("section", { id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title), content);

  // What hovers beside a mark of a map.
  const tip = h("div.tip", { hidden: true, "aria-hidden": "true" });
  function showTip(text, box) {
    tip.textContent = text;
    tip.hidden = false;
    const left = Math.min(box.right + 8, window.innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${Math.max(8, box.top - tip.offsetHeight - 4)}px`;
  }
  const hideTip = () => { tip.hidden = true; };

  // Lines over quarters; a point is { quarter, mean } and, of a line with a band, low and high.
  function lines(width, series, { top, bottom = 0, quarter, height = 300, last, tell: write_ = percent }) {
    const points = series.flatMap((one) => one.points.map((point) => ({ ...point, one })));
    const tell = (point) => `${point.one.label}\n${say("page.quarter")} ${point.quarter}: ${write_(point.mean)}`
      + (point.one.band ? ` (${percent(point.low)} – ${percent(point.high)})` : "");
    return plot(width, {
      height, marginLeft: 46, marginRight: 12, marginBottom: 38,
      x: { label: say("page.quarter"), labelAnchor: "center", ticks: width < 500 ? 5 : 10,
        ...last ? { domain: [0, last] } : {} },
      y: { label: null, domain: [bottom, top], grid: true, ticks: 6,
        tickFormat: (x) => write_(x, top < 0.05 ? 1 : 0) },
      marks: [
        Plot.ruleX([quarter], { stroke: "#8c97a5", strokeDasharray: "2,3" }),
        series.filter((one) => one.band).map((one) => Plot.areaY(one.points, { x: "quarter", y1: "low", y2: "high",
          fill: one.colour, fillOpacity: 0.13 })),
        series.map((one) => Plot.lineY(one.points, { x: "quarter", y: "mean", stroke: one.colour, strokeWidth: one.wide ?? 2.2,
          strokeDasharray: one.dash })),
        Plot.ruleY([0]),
        Plot.dot(points, Plot.pointer({ x: "quarter", y: "mean", r: 4, fill: (point) => point.one.colour })),
        Plot.tip(points, Plot.pointer({ x: "quarter", y: "mean", title: tell, lineWidth: 22 })),
      ],
    });
  }
  function niceTop(values) {
    const top = Math.max(0.01, ...values.filter((x) => !Number.isNaN(x)));
    return Math.min(1, d3.nice(0, top * 1.02, 6)[1]);
  }

  // ---- a map of the society: societyMap() draws it, fillMap() colours it ----

  const write = (quantity) => quantity === "money" ? (x) => number(x, 2)
    : quantity === "resilience" || quantity === "crisis" ? (x) => number(x, 2) : (x) => percent(x);
  const inkOn = (colour) => d3.lab(colour).l < 49.5 ? "#ffffff" : "#000000"; // a contrast of 4.5 on any
  function mapScale(quantity, top) {
    const ramp = BAD.has(quantity) ? d3.interpolateYlOrBr : d3.interpolateYlGnBu;
    return (x) => x === null || Number.isNaN(x) ? "#ffffff" : ramp(0.06 + 0.86 * Math.min(1, x / top));
  }
  function mapLegend(quantity, top, places) {
    const scale = mapScale(quantity, top), tell = write(quantity);
    const stops = d3.range(0, 1.01, 0.1).map((x) => scale(x * top)).join(", ");
    return h("div.legend", {}, say(`quantity.${quantity}`), " ", tell(0), h("i.ramp", { style:
      `background: linear-gradient(to right, ${stops})` }), tell(top), places.some((place) => place.hub)
      && places.length <= 40 ? ` · ■ ${say("page.hub")}` : "");
  }
  function societyMap({ kind, places, links }, wide, label) {
    const tiles = kind === "tiles", many = places.length > 40;
    const svg = d3.create("svg").attr("role", "group").attr("aria-label", label);
    let spot, size;
    if (tiles) {
      const [columns_, rows] = [0, 1].map((i) => d3.extent(places, (place) => i ? place.y : place.x));
      const side = Math.max(44, wide / 8);
      svg.attr("viewBox", [0, 0, (columns_[1] - columns_[0] + 1) * side, (rows[1] - rows[0] + 1) * side]);
      spot = (place) => [(place.x - columns_[0] + 0.5) * side, (place.y - rows[0] + 0.5) * side];
      size = () => side / 2 - 1.5;
    } else {
      const high = many || wide < 440 ? wide : 0.75 * wide;
      svg.attr("viewBox", [0, 0, wide, high]);
      const room = Math.sqrt((many ? 0.25 : 0.095) * wide * high / Math.PI);
      size = (place) => Math.max(many ? 3 : 13, room * Math.sqrt(place.share));
      const edge = Math.max(...places.map(size)) + (many ? 2 : 12);
      spot = (place) => [edge + place.x * (wide - 2 * edge), edge + place.y * (high - 2 * edge - (many ? 0 : 10))];
      const strongest = Math.max(...links.map((link) => link[2]), 1e-9);
      svg.append("g").attr("aria-hidden", "true").selectAll("line").data(links).join("line").each(function (link) {
        const [x1, y1] = spot(places[link[0]]), [x2, y2] = spot(places[link[1]]);
        d3.select(this).attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2).attr("stroke", "#aab4c0")
          .attr("stroke-width", 0.4 + 3 * link[2] / strongest).attr("stroke-opacity", many ? 0.35 : 0.7);
      });
    }
    const marks = svg.append("g").selectAll("g").data(places).join("g").attr("role", "img")
      .attr("tabindex", (_, i) => i ? -1 : 0)
      .attr("transform", (place) => `translate(${spot(place)})`);
    marks.append(tiles ? "rect" : "circle").attr("class", "mark").attr("stroke", "#55606e").attr("stroke-width", 1)
      .each(function (place) {
        const r = size(place), mark_ = d3.select(this);
        if (tiles) mark_.attr("x", -r).attr("y", -r).attr("width", 2 * r).attr("height", 2 * r).attr("rx", 5);
        else mark_.attr("r", r);
      });
    const letters = (name) => tiles ? Math.max(7.5, Math.min(11.5, 3.7 * size() / name.length)) : 11.5;
    if (!many || tiles) {
      marks.append("text").attr("class", "value").attr("text-anchor", "middle").attr("dy", tiles ? "1.05em" : "0.35em")
        .attr("font-size", (place) => tiles ? Math.min(13, size() * 0.46) : Math.min(14, 0.72 * size(place)));
      marks.append("text").attr("text-anchor", "middle").attr("y", (place) => tiles ? -6 : size(place) + 12)
        .attr("class", tiles ? "inside" : "halo")
        .attr("font-size", (place) => letters(place.name))
        .text((place) => fitted(place.name, tiles ? Math.floor(2 * size() / (0.53 * letters(place.name))) : 18));
      marks.filter((place) => place.hub).append("rect").attr("fill", "#1c2430").attr("width", 7).attr("height", 7)
        .attr("stroke", "#ffffff").attr("x", (place) => tiles ? size(place) - 11 : -3.5)
        .attr("y", (place) => tiles ? size(place) - 10 : 5 - size(place));
    }
    const nodes = marks.nodes();
    marks.on("pointerenter focus", (event) => showTip(event.currentTarget.told, event.currentTarget.getBoundingClientRect()))
      .on("pointerleave blur", hideTip)
      .on("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = nodes[(nodes.indexOf(event.currentTarget) + step + nodes.length) % nodes.length];
        for (const node of nodes) node.setAttribute("tabindex", node === next ? 0 : -1);
        next.focus();
      });
    return { svg: svg.node(), marks };
  }
  // value(i) of each place is coloured by the scale; more(i) is what its tip tells beside it.
  function fillMap(marks, quantity, scale, value, more = () => []) {
    const tell = write(quantity);
    marks.each(function (place, i) {
      const x = value(i), colour = scale(x), node = d3.select(this);
      const text = x === null || Number.isNaN(x) ? say("page.map.none") : tell(x);
      node.select(".mark").attr("fill", colour);
      const ink = inkOn(colour);
      node.select(".value").attr("fill", ink).text(quantity === "money" ? text : text.replace(/\.\d%/, "%"));
      node.select(".inside").attr("fill", ink);
      node.attr("aria-label", `${place.name}: ${text}`);
      this.told = [`${place.name}${place.hub ? ` (${say("page.hub")})` : ""}`, `${say(`quantity.${quantity}`)}: ${text}`,
        ...more(i)].join("\n");
    });
  }

  function boardTable(caption, rows) {
    const cell = (value) => {
      const colour = d3.interpolateBlues(0.02 + 0.75 * value);
      return h("td", { style: `background: ${colour}; color: ${inkOn(colour)}` }, number(value, 2));
    };
    return table(caption, ["", ...ACTORS.map((actor) => say(`actor.${actor}`))], INDICATORS.map((indicator, i) =>
      [say(`indicator.${indicator}`), ...ACTORS.map((_, j) => cell(rows[i][j]))]), ".board");
  }

  // Charts fit the screen and the paper.
  function keepWidths(also = () => {}) {
    let waiting;
    window.addEventListener("resize", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { redrawCharts(true); also(); }, 120);
    });
    window.addEventListener("beforeprint", () => redrawCharts(true));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
  }

  return { data, STAGES, ACTORS, STRATA, USES, USE_COLOURS, say, speakOf, number, signed, percent, h, fitted, chart,
    redrawCharts, plot, table, folded, section, sentence, tip, showTip, hideTip, lines, niceTop, write, mapScale,
    mapLegend, societyMap, fillMap, boardTable, keepWidths };
})();
