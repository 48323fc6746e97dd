// The page of a comparison.
// Whole page: render(). What the two chosen systems change: drawPair(). What the weights change: drawRanking().
"use strict";
(() => {
  const { data, STAGES, ACTORS, STRATA, USES, USE_COLOURS, say, speakOf, number, signed, percent, h, chart, redrawCharts, plot,
    table, folded, section, sentence, tip, showTip, hideTip, lines, niceTop, write, mapScale, mapLegend, societyMap,
    fillMap, boardTable, keepWidths } = common;
  const PART_COLOURS = ["#0072b2", "#7cc0ea", "#c8662a"];
  const STAGE_COLOURS = { production: "#56b4e9", diffusion: "#00588c", application: "#e69f00" };
  const A = "#0072b2", B = "#b34700";
  const WEIGHTS = [["w_b", "breadth", 1], ["w_r", "resilience", 1], ["w_x", "excluded", -1]];
  const Z = 1.959964;

  const state = { comparison: 0, a: 0, b: 1, weights: {}, moved: false, who: "all", place: 0, quantity: "adoption", at: 0,
    timer: null, sort: null };
  let shown; // the comparison that is shown

  const ranged = (mean, low, high, write) => `${write(mean)} [${write(low)}, ${write(high)}]`;
  const between = (low, high, write) => `[${write(low)}, ${write(high)}]`;
  const interval = (low, high, write) => say("page.interval", { confidence: percent(shown.confidence, 0), low: write(low),
    high: write(high) });
  const amount = (x) => x >= 100 ? number(x, 0) : number(x, 1);

  // Numbers of 16 bits, low byte first; 65535 is none.
  function unpack(text) {
    const bytes = atob(text), found = new Float64Array(bytes.length / 2);
    for (let i = 0; i < found.length; i++) {
      const whole = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
      found[i] = whole === 65535 ? NaN : whole / 65534;
    }
    return found;
  }
  const memory = new WeakMap();
  function unpacked(owner, key, text) {
    if (!memory.has(owner)) memory.set(owner, {});
    const kept = memory.get(owner);
    return (kept[key] ??= unpack(text));
  }

  function trajectory(system, quantity) {
    const values = unpacked(system.trajectories, quantity, system.trajectories[quantity]);
    return shown.trajectory_quarters.map((quarter, i) => ({ quarter, mean: values[3 * i], low: values[3 * i + 1],
      high: values[3 * i + 2] })).filter((point) => !Number.isNaN(point.mean));
  }
  function atPlace(system, quantity, place, at) {
    const k = shown.quantities.indexOf(quantity), count = shown.quantities.length;
    const values = unpacked(system.course, "values", system.course.values);
    return values[(at * shown.society.places.length + place) * count + k] * system.course.scale[k];
  }
  function highest(quantity, systems) {
    const k = shown.quantities.indexOf(quantity);
    return Math.max(...systems.map((system) => system.course.scale[k]));
  }

  const pair = () => [{ system: shown.systems[state.a], colour: A, mark: "A", dash: null },
    { system: shown.systems[state.b], colour: B, mark: "B", dash: "6,3" }];
  const baseline = () => shown.systems.find((system) => system.name === shown.baseline);
  const mainSystems = () => shown.systems.filter((system) => system.main);

  // ---- ranking ----

  const coefficients = () => WEIGHTS.map(([weight, , sign]) => sign * state.weights[weight]);
  const parts = (system) => WEIGHTS.map(([, part]) => system[part]);
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const spread = (c, covariance) => Math.sqrt(Math.max(0, dot(c, covariance.map((row) => dot(row, c)))));

  // Mean return and difference to the baseline at the weights that are set.
  function valued(system) {
    if (!state.moved) {
      const names = ["mean", "mean_low", "mean_high", "difference", "difference_low", "difference_high"];
      return Object.fromEntries(names.map((name) => [name, system[name]]));
    }
    const c = coefficients(), mean = dot(c, parts(system)), difference = mean - dot(c, parts(baseline()));
    const wide = Z * spread(c, system.parts.covariance), apart = Z * spread(c, system.parts.covariance_of_difference);
    return { mean, mean_low: mean - wide, mean_high: mean + wide, difference, difference_low: difference - apart,
      difference_high: difference + apart };
  }
  function beside(system, value) {
    if (system.name === shown.baseline) return say("page.is_baseline");
    return say(value.difference_low > 0 ? "page.better" : value.difference_high < 0 ? "page.worse" : "page.tied");
  }
  function ranked() {
    const rows = mainSystems().map((system) => ({ system, ...valued(system) })).sort((x, y) => y.mean - x.mean);
    let rank = 0;
    for (const row of rows) row.rank = row.system.reference ? null : ++rank;
    return rows;
  }

  const ranking = {};
  function rankingSection() {
    ranking.chart = chart(rankingChart, say("page.ranking.title"));
    ranking.parts = chart(partsChart, say("page.parts.title"));
    ranking.table = h("div");
    ranking.told = h("p.soft", { role: "status" });
    const sliders = WEIGHTS.map(([weight, part]) => {
      const output = h("output", {});
      const input = h("input", { type: "range", min: 0, step: 0.05, max: Math.max(2, 2 * shown.world.weights[weight]),
        id: `weight-${weight}`, oninput: () => setWeight(weight, Number(input.value)) });
      (ranking.sliders ??= {})[weight] = { input, output };
      return h("div", {}, h("label", { for: `weight-${weight}` }, say(`page.weights.${part}`), " ", output), input);
    });
    return section("ranking", say(shown.alike ? "page.ranking.title_alike" : "page.ranking.title"),
      h("p.lead", {}, say("page.ranking.lead"), say("space"), shown.alike ? say("page.ranking.alike") : ""),
      ranking.chart, h("h3", {}, say("page.parts.title")), h("p.lead", {}, say("page.parts.lead")), ranking.parts,
      h("div.legend", {}, WEIGHTS.map(([, part], i) => h("span", {}, h("i.swatch", { style: `background: ${PART_COLOURS[i]}` }),
        say(`page.weights.${part}`)))), folded(ranking.table),
      h("h3", {}, say("page.weights.title")),
      h("p.lead", {}, say("page.weights.lead"), say("space"), shown.world.weights_drawn ? say("page.weights.drawn") : ""),
      h("div.weights", {}, sliders),
      h("div.controls", {}, h("button", { type: "button", id: "reset", onclick: resetWeights }, say("page.weights.reset"))),
      ranking.told);
  }
  function setWeight(weight, value) {
    state.weights[weight] = value;
    state.moved = WEIGHTS.some(([name]) => state.weights[name] !== shown.world.weights[name]) || shown.world.weights_drawn;
    drawRanking();
  }
  function resetWeights() {
    state.weights = { ...shown.world.weights };
    state.moved = false;
    drawRanking();
  }
  function drawRanking() {
    for (const [weight, { input, output }] of Object.entries(ranking.sliders)) {
      input.value = state.weights[weight];
      output.textContent = number(state.weights[weight], 2);
    }
    const rows = ranked(), first = rows.find((row) => row.rank === 1);
    ranking.told.replaceChildren(first ? say("page.weights.leader", { name: first.system.label }) : "", say("space"),
      say(state.moved ? "page.weights.moved" : "page.weights.own"));
    ranking.chart.redraw();
    ranking.parts.redraw();
    ranking.table.replaceChildren(table(say("page.ranking.title"), [say("page.system"), say("page.rank"), say("page.return"),
      say("page.difference"), say("page.beside")], rows.map((row) => [named(row.system), row.rank ?? say("page.reference"),
      ranged(row.mean, row.mean_low, row.mean_high, number),
      ranged(row.difference, row.difference_low, row.difference_high, signed), beside(row.system, row)])));
  }
  const named = (system) => system.label + (system.reference ? ` (${say("page.reference")})` : "")
    + (system.name === shown.baseline ? ` (${say("page.baseline")})` : "");

  function rankingChart(width) {
    const rows = ranked(), narrow = width < 620;
    const left = narrow ? Math.min(150, width * 0.4) : 250;
    const names = new Map(rows.map((row) => [row.system.name, `${row.rank ? `${row.rank}. ` : ""}${row.system.label}`]));
    const zero = valued(baseline()).mean;
    const tell = (row) => [named(row.system), row.system.idea,
      `${say("page.return")}: ${ranged(row.mean, row.mean_low, row.mean_high, number)}`,
      `${say("page.difference")}: ${ranged(row.difference, row.difference_low, row.difference_high, signed)}`,
      say("page.parts", { breadth: number(row.system.breadth), resilience: number(row.system.resilience),
        excluded: percent(row.system.excluded) })].filter(Boolean).join("\n");
    const colour = (row) => row.system.learned ? B : row.system.name === shown.baseline ? "#1c2430" : A;
    const name = (row) => row.system.name;
    return plot(width, {
      height: 46 + 25 * rows.length, marginLeft: left, marginRight: 16, marginTop: 8, marginBottom: 36,
      x: { label: say("page.return"), grid: true, ticks: narrow ? 4 : 8, labelAnchor: "center" },
      y: { domain: rows.map(name), label: null },
      marks: [
        Plot.axisY({ tickFormat: (key) => names.get(key), tickSize: 0, lineWidth: (left - 14) / 12, textOverflow: "ellipsis" }),
        Plot.ruleX([zero], { strokeDasharray: "4,3", stroke: "#55606e" }),
        Plot.ruleY(rows, { x1: "mean_low", x2: "mean_high", y: name, stroke: colour, strokeWidth: 2 }),
        Plot.dot(rows, { x: "mean", y: name, r: 5, stroke: colour, strokeWidth: 2,
          fill: (row) => row.system.reference ? "#ffffff" : colour(row) }),
        Plot.tip(rows, Plot.pointerY({ x: "mean", y: name, title: tell, lineWidth: 24 })),
      ],
    });
  }

  function partsChart(width) {
    const rows = ranked(), left = width < 620 ? Math.min(150, width * 0.4) : 250, c = coefficients();
    const names = new Map(rows.map((row) => [row.system.name, row.system.label]));
    const bars = rows.flatMap(({ system }) => WEIGHTS.map(([, part], i) => ({ name: system.name, label: system.label,
      part: say(`page.weights.${part}`), value: c[i] * system[part] })));
    const sums = rows.map(({ system }) => ({ name: system.name, label: system.label, value: dot(c, parts(system)) }));
    return plot(width, {
      height: 40 + 19 * rows.length, marginLeft: left, marginRight: 16, marginTop: 6, marginBottom: 34,
      x: { label: say("page.parts.axis"), grid: true, ticks: width < 620 ? 4 : 8, labelAnchor: "center" },
      y: { domain: rows.map((row) => row.system.name), label: null },
      color: { domain: WEIGHTS.map(([, part]) => say(`page.weights.${part}`)), range: PART_COLOURS },
      marks: [
        Plot.axisY({ tickFormat: (key) => names.get(key), tickSize: 0, lineWidth: (left - 14) / 12, textOverflow: "ellipsis" }),
        Plot.barX(bars, { x: "value", y: "name", fill: "part", insetTop: 2, insetBottom: 2, tip: { format: { x: false, y: false,
          fill: false } }, title: (bar) => `${bar.label}\n${bar.part}: ${signed(bar.value)}` }),
        Plot.ruleX([0]),
        Plot.dot(sums, { x: "value", y: "name", symbol: "diamond", r: 5, fill: "#ffffff", stroke: "#1c2430", strokeWidth: 1.5 }),
      ],
    });
  }

  // ---- two systems ----

  const pairs = {};
  function pairSection() {
    const choices = (which) => {
      const group = (label, some) => some.length ? h("optgroup", { label }, some.map((system) => {
        const index = shown.systems.indexOf(system);
        return h("option", { value: index, selected: state[which] === index }, named(system));
      })) : null;
      return h("div", { class: `is-${which}` }, h("label", { for: `system-${which}`, class: `is-${which}` },
        h("span.key", {}), say(`page.${which}`)),
      h("select", { id: `system-${which}`, onchange: (event) => { state[which] = Number(event.target.value); drawPair(); } },
        group(say("page.main"), mainSystems()), group(say("page.others"), shown.systems.filter((s) => !s.main))));
    };
    for (const name of ["numbers", "adoption", "maps", "money", "left", "exits", "board", "does"]) pairs[name] = h("div");
    const last = shown.quarters.length - 1;
    pairs.slider = h("input", { type: "range", id: "quarter", min: 0, max: last, step: 1, value: state.at,
      oninput: () => setQuarter(Number(pairs.slider.value)) });
    pairs.quarter = h("output", { for: "quarter" });
    pairs.play = h("button", { type: "button", id: "play", onclick: togglePlay }, say("page.map.play"));
    const who = ["all", "strata", "place"].map((kind) => h("option", { value: kind, selected: state.who === kind },
      say(`page.who.${kind}`)));
    pairs.place = h("div", {}, h("label", { for: "place" }, say("page.place")), h("select", { id: "place",
      onchange: (event) => { state.place = Number(event.target.value); drawAdoption(); } },
    shown.society.places.map((place, i) => h("option", { value: i, selected: state.place === i }, place.name))));
    const quantities = shown.quantities.map((name) => h("option", { value: name, selected: state.quantity === name },
      say(`quantity.${name}`)));
    return section("pair", say("page.pair.title"), h("p.lead", {}, say("page.pair.lead")),
      h("div.pair.choose", {}, choices("a"), choices("b")),
      h("h3", {}, say("page.numbers")), pairs.numbers,
      h("h3", {}, say("page.adoption.title")),
      h("div.controls", {}, h("div", {}, h("label", { for: "who" }, say("page.who")), h("select", { id: "who",
        onchange: (event) => { state.who = event.target.value; drawAdoption(); } }, who)), pairs.place),
      pairs.adoption,
      h("h3", {}, say("page.map.title")),
      h("p.lead", {}, say(`page.map.${shown.society.kind}`)),
      h("div.controls", {}, h("div", {}, h("label", { for: "quantity" }, say("page.map.quantity")), h("select", { id: "quantity",
        onchange: (event) => { state.quantity = event.target.value; drawMaps(); } }, quantities))),
      h("div.slider", {}, pairs.play, h("label", { for: "quarter" }, say("page.quarter")), pairs.slider, pairs.quarter),
      pairs.maps,
      h("h3", {}, say("page.money.title")), h("p.lead", {}, say("page.money.lead")), pairs.money,
      h("h3", {}, say("page.left.title")), h("p.lead", {}, say("page.left.lead")), pairs.left,
      h("h3", {}, say("page.exits.title")), h("p.lead", {}, say("page.exits.lead")), pairs.exits,
      h("h3", {}, say("page.board.title")), h("p.lead", {}, say("page.board.lead")), pairs.board,
      h("h3", {}, say("page.does.title")), pairs.does);
  }
  function drawPair() {
    drawNumbers(); drawAdoption(); drawMaps(); drawMoney(); drawLeft(); drawExits(); drawBoard(); drawDoes();
    redrawCharts();
  }
  const heading = ({ system, mark }) => h("p.name", { class: `name is-${mark.toLowerCase()}` }, h("span.key", {}),
    `${mark}: `, named(system));
  const keys = () => h("div.legend", {}, pair().map((one) => h("span", { class: `is-${one.mark.toLowerCase()}` },
    h("span.key", {}), `${one.mark}: ${one.system.label}`)));
  const two = (make) => h("div.pair.stack", {}, pair().map((one) => h("div", {}, heading(one), make(one))));

  // Every column of the indicators: its head, its value for sorting, and its cell as [text, interval].
  function columns() {
    const told = (found, write) => found ? [write(found.mean), between(found.low, found.high, write)] : ["–", ""];
    const plain = (name, write) => ({ key: name, head: say(`col.${name}`), value: (s) => s[name], cell: (s) => [write(s[name]), ""] });
    const own = (name, write) => ({ key: name, head: say(`col.${name}`), value: (s) => s[name],
      cell: (s) => [write(s[name]), between(s[`${name}_low`], s[`${name}_high`], write)] });
    const indicator = (name, write) => ({ key: name, head: say(`col.${name}`), value: (s) => s.indicators[name]?.mean ?? NaN,
      cell: (s) => told(s.indicators[name], write) });
    const levels = shown.systems[0].indicators.reaches.map((level, i) => ({ key: `reach${i}`,
      head: say("col.reach", { level: percent(level.level, 0) }), value: (s) => s.indicators.reaches[i].quarters?.mean ?? NaN,
      cell: (s) => {
        const { quarters, share } = s.indicators.reaches[i];
        if (!quarters) return [say("page.never"), ""];
        return [say("col.reach_in", { quarters: number(quarters.mean, 1), share: percent(share.mean, 0) }),
          between(quarters.low, quarters.high, (x) => number(x, 1))];
      } }));
    const worse = (head, name) => ({ key: head, head: say(`col.${head}`), value: (s) => s.indicators.worse_than[name]?.mean ?? NaN,
      cell: (s) => told(s.indicators.worse_than[name], (x) => percent(x, 0)) });
    return [own("mean", number), own("difference", signed), plain("adoption_end", percent), ...levels,
      indicator("money_per_adopter", amount), indicator("money_per_adopter_year", amount),
      indicator("gap_strata", (x) => number(x, 2)), indicator("gap_places", (x) => number(x, 2)), own("excluded", percent),
      indicator("worst_tenth", number), worse("worse_baseline", shown.baseline), worse("worse_nothing", "nothing"),
      plain("breadth", number), plain("resilience", number), plain("abandoned", (x) => number(x, 2))];
  }
  const head = ({ mark, system }) => h("span", { class: `is-${mark.toLowerCase()}` }, mark, h("span.wide", {}, `: ${system.label}`));
  function drawNumbers() {
    const cell = (column, system) => {
      const [text, range] = column.cell(system);
      return h("td", {}, text, range ? [" ", h("small", {}, range)] : null);
    };
    const [one, other] = pair();
    pairs.numbers.replaceChildren(h("p.lead", {}, say("page.numbers.lead", { confidence: percent(shown.confidence, 0) })),
      table(say("page.numbers"), ["", head(one), head(other)],
      columns().map((column) => [column.head, cell(column, one.system), cell(column, other.system)])));
  }

  function series(quantity, band = true) {
    return pair().map(({ system, colour, mark, dash }) => ({ label: `${mark}: ${system.label}`, colour, dash, band,
      points: trajectory(system, quantity) }));
  }
  const tops = (some) => niceTop(some.flatMap((one) => one.points.map((point) => one.band ? point.high : point.mean)));
  function seriesTable(caption, some) {
    const quarters = some[0].points.map((point) => point.quarter);
    const step = Math.max(1, Math.ceil(quarters.length / 20));
    const rows = quarters.map((quarter, i) => [String(quarter), ...some.map((one) => percent(one.points[i].mean))]);
    return folded(table(caption, [say("page.quarter"), ...some.map((one) => one.label)],
      rows.filter((_, i) => (rows.length - 1 - i) % step === 0)));
  }
  function drawAdoption() {
    pairs.place.hidden = state.who !== "place";
    const title = say("page.adoption.title");
    let content;
    if (state.who === "strata") {
      const strata = (one) => STRATA.map((stratum, i) => ({ label: say(`page.stratum.${stratum}`), band: false,
        colour: d3.interpolateRgb(one.colour, "#ffffff")([0, 0.25, 0.5][i]), dash: [null, "7,3", "2,3"][i],
        points: trajectory(one.system, `adoption_${stratum}`) }));
      const top = Math.max(...pair().map((one) => tops(strata(one))));
      content = [h("p.lead", {}, say("page.adoption.mean_only")), two((one) => [
        chart((width) => lines(width, strata(one), { top, height: 260, quarter: now() }), `${title}: ${one.system.label}`),
        h("div.legend", {}, strata(one).map((s) => h("span", {}, h("i", { style: `border-top: 3px ${{ "7,3": "dashed",
          "2,3": "dotted" }[s.dash] ?? "solid"} ${s.colour}; width: 1.6rem; margin-right: .3rem; vertical-align: middle` }),
        s.label))),
        seriesTable(title, strata(one))])];
    } else {
      const some = state.who === "all" ? series("adoption") : pair().map(({ system, colour, mark, dash }) => ({
        label: `${mark}: ${system.label}`, colour, dash, band: false, points: [{ quarter: 0, mean: 0 },
          ...shown.quarters.map((quarter, i) => ({ quarter, mean: atPlace(system, "adoption", state.place, i) }))] }));
      content = [h("p.lead", {}, say(state.who === "all" ? "page.adoption.lead" : "page.adoption.mean_only")),
        chart((width) => lines(width, some, { top: tops(some), quarter: now() }), title), keys(), seriesTable(title, some)];
    }
    pairs.adoption.replaceChildren(...content);
    redrawCharts(true);
  }

  // ---- the map ----

  const now = () => shown.quarters[state.at];
  const mapTop = () => state.quantity === "resilience" ? 1
    : Math.max(1e-6, highest(state.quantity, pair().map((one) => one.system)));
  function drawMaps() {
    pairs.width = pairs.maps.clientWidth;
    pairs.map = pair().map((one) => ({ ...one, ...societyMap(shown.society, mapWidth(),
      `${say("page.map.title")}, ${one.mark}: ${one.system.label}`) }));
    pairs.values = h("div");
    pairs.maps.replaceChildren(h("div.pair.stack", {}, pairs.map.map((one) => h("div.map", {}, heading(one), one.svg))),
      mapLegend(state.quantity, mapTop(), shown.society.places), folded(pairs.values));
    fillMaps();
  }
  const mapWidth = () => Math.max(300, Math.min(560, window.matchMedia("(max-width: 44rem)").matches ? pairs.maps.clientWidth
    : pairs.maps.clientWidth / 2 - 13));
  function fillMaps() {
    const { quantity, at } = state, scale = mapScale(quantity, mapTop()), tell = write(quantity), { places } = shown.society;
    for (const { system, marks } of pairs.map) {
      fillMap(marks, quantity, scale, (i) => atPlace(system, quantity, i, at), (i) => quantity === "adoption"
        ? ["low", "middle", "high", "excluded"].map((name) => `${say(`quantity.${name}`)}: ${percent(atPlace(system, name, i, at))}`)
        : []);
    }
    const quarter = shown.quarters[at], last = shown.quarters[shown.quarters.length - 1];
    pairs.quarter.textContent = shown.steps_a_year === 1 ? say("page.year_of", { quarter, last })
      : say("page.quarter_of", { quarter, last, year: Math.ceil(quarter / shown.steps_a_year) });
    pairs.slider.setAttribute("aria-valuetext", pairs.quarter.textContent);
    pairs.values.replaceChildren(table(`${say(`quantity.${state.quantity}`)}, ${pairs.quarter.textContent}`,
      [say("page.place"), ...pairs.map.map((one) => `${one.mark}: ${one.system.label}`)],
      places.map((place, i) => [place.name, ...pairs.map.map((one) => tell(atPlace(one.system, state.quantity, i, at)))])));
  }
  function setQuarter(at) {
    state.at = at;
    pairs.slider.value = at;
    hideTip();
    fillMaps();
    for (const box of [pairs.adoption, pairs.left]) for (const one of box.querySelectorAll(".chart")) one.redraw?.();
  }
  function togglePlay() {
    if (state.timer) {
      clearInterval(state.timer);
      state.timer = null;
    } else {
      if (state.at === shown.quarters.length - 1) setQuarter(0);
      state.timer = setInterval(() => {
        if (state.at >= shown.quarters.length - 1) togglePlay();
        else setQuarter(state.at + 1);
      }, 250);
    }
    pairs.play.textContent = say(state.timer ? "page.map.pause" : "page.map.play");
  }

  // ---- money, exclusion, giving up, board, words ----

  const useName = (i) => say(`use.${USES[i]}`);
  function drawMoney() {
    const rowsOf = (system) => STAGES.flatMap((stage, i) => system.spending.functions[i].map((share, j) => ({
      stage: say(`stage.${stage}`), share, use: useName(j) })));
    const bars = ({ system }) => chart((width) => plot(width, {
      height: 176, marginLeft: 84, marginRight: 84, marginBottom: 36, x: { domain: [0, 1], label: say("page.money.share"),
        labelAnchor: "center", tickFormat: (x) => percent(x, 0), ticks: 5 },
      y: { domain: STAGES.map((stage) => say(`stage.${stage}`)), label: null },
      color: { domain: USES.map((_, i) => useName(i)), range: USE_COLOURS },
      marks: [
        Plot.axisY({ tickSize: 0 }),
        Plot.barX(rowsOf(system), { x: "share", y: "stage", fill: "use", stroke: "#ffffff", strokeWidth: 0.6, tip: { format: {
          fill: false, x: false, y: false } }, title: (row) => `${row.stage}\n${row.use}: ${percent(row.share)}` }),
        Plot.text(STAGES.map((stage, i) => ({ stage: say(`stage.${stage}`), quarters: system.spending.quarters[i] })),
          { x: 1, y: "stage", text: (row) => say("page.quarters", { count: number(row.quarters, 1) }), textAnchor: "start", dx: 6 }),
      ],
    }), `${say("page.money.title")}: ${system.label}`);
    const legend = h("div.legend", {}, [...ACTORS.map((actor, a) => h("span", {}, `${say(`actor.${actor}`)}${say("colon")}`,
      [0, 1, 2].map((i) => h("span.together", {}, h("i.swatch", { style: `background: ${USE_COLOURS[3 * a + i]}` }),
        `${useName(3 * a + i)} `)))),
    h("span", {}, h("i.swatch", { style: `background: ${USE_COLOURS[9]}` }), useName(9))]);
    const money = folded(table(say("page.money.title"), ["", ...pair().flatMap(({ mark }) => STAGES.map((stage) =>
      `${mark}, ${say(`stage.${stage}`)}`))], USES.map((_, j) => [useName(j), ...pair().flatMap(({ system }) =>
      STAGES.map((_, i) => percent(system.spending.functions[i][j])))])));
    const places = perPlace((system) => {
      const weights = system.spending.per_quarter.map((money_, i) => money_ * system.spending.quarters[i]);
      const total = d3.sum(weights);
      return shown.society.places.map((_, p) => ({ mean: total ? dot(weights, system.spending.communities.map((row) => row[p]))
        / total : NaN }));
    }, { title: say("page.money.places"), write: (x) => `${number(x, 2)}×`, rule: 1 });
    pairs.money.replaceChildren(two(bars), legend, money, h("p.lead", {}, say("page.money.places")), keys(), ...places);
  }

  // A row for each place, a mark for each of the two.
  function perPlace(values, { title, write: tell, rule, label = null }) {
    const found = pair().map((one) => ({ ...one, values: values(one.system) }));
    const order = d3.sort(d3.range(shown.society.places.length), (i) => -Math.max(...found.map((one) => one.values[i].mean || 0)));
    const kept = order.slice(0, 40), name = (row) => row.i;
    const rows = found.flatMap((one) => kept.map((i) => ({ i, one, ...one.values[i] }))).filter((row) => !Number.isNaN(row.mean));
    const draw = (width) => {
      const left = Math.min(170, width * 0.36);
      return plot(width, {
        height: 50 + 19 * kept.length, marginLeft: left, marginRight: 14, marginTop: 6, marginBottom: label ? 38 : 26,
        x: { grid: true, label, labelAnchor: "center", tickFormat: (x) => tell(x), ticks: width < 500 ? 4 : 8, zero: true },
        y: { domain: kept, label: null },
        marks: [
          Plot.axisY({ tickFormat: (i) => shown.society.places[i].name, tickSize: 0, lineWidth: (left - 14) / 12,
            textOverflow: "ellipsis" }),
          rule ? Plot.ruleX([rule], { strokeDasharray: "4,3", stroke: "#55606e" }) : null,
          Plot.ruleY(rows.filter((row) => row.low !== undefined), { x1: "low", x2: "high", y: name,
            stroke: (row) => row.one.colour, strokeWidth: 1.6 }),
          Plot.dot(rows, { x: "mean", y: name, r: 4.5, stroke: (row) => row.one.colour, strokeWidth: 2,
            symbol: (row) => row.one.mark === "A" ? "circle" : "diamond2",
            fill: (row) => row.one.mark === "A" ? row.one.colour : "#ffffff" }),
          Plot.tip(rows, Plot.pointer({ x: "mean", y: name, title: (row) => `${shown.society.places[row.i].name}\n`
            + `${row.one.mark}: ${row.one.system.label}: ${tell(row.mean)}`
            + (row.low === undefined ? "" : `\n${interval(row.low, row.high, tell)}`) })),
        ],
      });
    };
    return [chart(draw, title), folded(table(title, [say("page.place"), ...found.map((one) => `${one.mark}: ${one.system.label}`)],
      order.map((i) => [shown.society.places[i].name, ...found.map((one) => tell(one.values[i].mean))])))];
  }
  function drawLeft() {
    const some = series("excluded");
    const places = perPlace((system) => {
      const { mean, low, high } = system.indicators.excluded_by_place;
      return mean.map((x, i) => ({ mean: x, low: low[i], high: high[i] }));
    }, { title: say("page.left.places"), write: percent });
    pairs.left.replaceChildren(chart((width) => lines(width, some, { top: tops(some), height: 230, quarter: now() }), say("page.left.title")), keys(),
      seriesTable(say("page.left.title"), some), h("p.lead", {}, say("page.left.places")), ...places);
  }
  function drawExits() {
    const both = pair();
    if (both.every(({ system }) => !system.abandoned)) {
      pairs.exits.replaceChildren(h("p", {}, say("page.exits.none")));
      return;
    }
    const rows = both.flatMap(({ system, mark }) => STAGES.map((stage, i) => ({ mark, stage: say(`stage.${stage}`),
      count: system.given_up.by_stage[i] })));
    const middle = (quantiles, digits) => quantiles ? `${number(quantiles[2], digits)} (${number(quantiles[0], digits)} – ${
      number(quantiles[4], digits)})` : "–";
    const share = (x) => x === null ? "–" : percent(x, 0);
    pairs.exits.replaceChildren(
      chart((width) => plot(width, { height: 110, marginLeft: 30, marginBottom: 38, marginRight: 14,
        x: { label: say("page.exits.count"), labelAnchor: "center", ticks: 6, grid: true }, y: { label: null, domain: ["A", "B"] },
        color: { domain: STAGES.map((stage) => say(`stage.${stage}`)), range: STAGES.map((stage) => STAGE_COLOURS[stage]) },
        marks: [Plot.axisY({ tickSize: 0 }), Plot.barX(rows, { x: "count", y: "mark", fill: "stage", tip: { format: { x: false,
          y: false, fill: false } }, title: (row) => `${row.mark}, ${row.stage}: ${number(row.count, 2)}` }), Plot.ruleX([0])] }),
      say("page.exits.title")),
      h("div.legend", {}, STAGES.map((stage) => h("span", {}, h("i.swatch", { style: `background: ${STAGE_COLOURS[stage]}` }),
        say(`stage.${stage}`)))),
      table(say("page.exits.title"), ["", ...both.map(head)], [
        [say("page.exits.count"), ...both.map(({ system }) => number(system.abandoned, 2))],
        [say("page.exits.age"), ...both.map(({ system }) => middle(system.given_up.age, 0))],
        [say("page.exits.harm"), ...both.map(({ system }) => middle(system.given_up.harm, 3))],
        [say("page.exits.defective"), ...both.map(({ system }) => share(system.defective_given_up))],
        [say("page.exits.sound"), ...both.map(({ system }) => share(system.sound_given_up))]]));
  }
  function drawBoard() {
    pairs.board.replaceChildren(two(({ system }) => boardTable(say("page.board.title"), system.board)));
  }
  function drawDoes() {
    pairs.does.replaceChildren(two(({ system }) => [h("p.soft", {}, system.idea), h("ul", {}, system.words.map((text) =>
      h("li", {}, text))), system.rules.map((tree) => h("details", { open: system.rules.length === 1 }, h("summary", {},
      say("page.does.rules", { name: tree.name })), h("pre", { tabindex: 0 }, tree.lines.join("\n"))))]));
  }

  // ---- indicators, settings, words ----

  const board = h("div.indicators");
  function drawIndicators() {
    const found = columns();
    const sorted = state.sort && found.find((column) => column.key === state.sort.key);
    let rows = mainSystems();
    if (sorted) {
      const value = (system) => { const x = sorted.value(system); return Number.isNaN(x) ? Infinity : state.sort.down ? -x : x; };
      rows = d3.sort(rows, value);
    }
    const head = found.map((column) => {
      const active = sorted === column;
      const button = h("button", { type: "button", "aria-label": say("page.sort", { name: column.head }), onclick: () => {
        state.sort = { key: column.key, down: active ? !state.sort.down : true };
        drawIndicators();
        board.querySelector(`[data-key="${column.key}"] button`).focus();
      } }, column.head);
      return h("th", { scope: "col", "data-key": column.key, "aria-sort": active ? state.sort.down ? "descending" : "ascending" : null },
        button, active ? state.sort.down ? " ▼" : " ▲" : "");
    });
    board.replaceChildren(h("div.scroll", { tabindex: 0, role: "region", "aria-label": say("page.indicators.title") },
      h("table", {}, h("caption.unseen", {}, say("page.indicators.title")), h("thead", {}, h("tr", {}, h("th", { scope: "col" },
        say("page.system")), head)), h("tbody", {}, rows.map((system) => h("tr", {}, h("th", { scope: "row" }, named(system)),
        found.map((column) => {
          const [text, range] = column.cell(system);
          const told = range && `${named(system)}\n${column.head}: ${text}\n${percent(shown.confidence, 0)}: ${range}`;
          return h("td", { title: told || null, tabindex: range ? 0 : null, onfocus: (event) => range && showTip(told,
            event.currentTarget.getBoundingClientRect()), onblur: hideTip }, text);
        })))))));
  }
  function settingsSection() {
    const fields = (rows) => h("div.scroll", { tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, ["field", "value", "meaning"]
      .map((name) => h("th.text", { scope: "col" }, say(`page.${name}`))))), h("tbody", {}, rows.map(([name, value, meaning]) =>
      h("tr", {}, h("th", { scope: "row" }, name), h("td.text", {}, value), h("td.text", {}, meaning))))));
    const fold = (name, content) => h("details", {}, h("summary", {}, name), content);
    return section("settings", say("page.settings.title"), h("p.lead", {}, say("page.settings.lead", {
      digest: shown.scenario_digest })), shown.settings.map((group) => fold(group.name, fields(group.rows))),
    fold(say("page.settings.versions"), fields(Object.entries(shown.versions).map(([name, version]) => [name, version, ""]))));
  }

  function terms() {
    const row = ([code, english, chinese]) => [h("span", { lang: "en" }, english), h("td.text", { lang: "zh" }, chinese),
      h("td.text", {}, code ? h("code", {}, code) : "")];
    return h("details", {}, h("summary", {}, say("page.terms.title")), Object.entries(data.terms).map(([kind, rows]) => [
      h("h3", {}, say(`page.terms.${kind}`)),
      table(say(`page.terms.${kind}`), ["English", h("span", { lang: "zh" }, "中文"), say("page.terms.code")], rows.map(row))]));
  }

  // ---- the whole page ----

  function render() {
    if (state.timer) togglePlay();
    shown = data.comparisons[state.comparison];
    speakOf(shown.step);
    const index = (name) => Math.max(0, shown.systems.findIndex((system) => system.name === name));
    const learned = shown.systems.findIndex((system) => system.learned);
    state.a = learned < 0 ? index(shown.best.names[0]) : learned; // best first
    state.b = index(learned < 0 ? shown.baseline : shown.best_rule);
    if (state.a === state.b) state.b = shown.systems.findIndex((system, i) => i !== state.a && system.main);
    if (state.b < 0) state.b = state.a;
    Object.assign(state, { weights: { ...shown.world.weights }, moved: false, who: "all", place: 0, quantity: "adoption",
      at: shown.quarters.length - 1, sort: null });
    ranking.sliders = {};
    const title = say("page.title", { world: shown.scenario });
    document.title = title;
    const count = shown.episodes;
    const warning = count === 1 ? say("page.warning.one") : count < 10 ? say("page.warning.few", { count }) : null;
    const choose = data.comparisons.length > 1 ? h("div.controls", {}, h("div", {}, h("label", { for: "comparison" },
      say("page.comparison")), h("select", { id: "comparison", onchange: (event) => {
      state.comparison = Number(event.target.value);
      render();
      document.getElementById("comparison").focus();
    } }, data.comparisons.map((one, i) => h("option", { value: i, selected: i === state.comparison },
      `${one.title} (${one.scenario})`))))) : null;
    const parts_ = ["verdict", "ranking", "pair", "indicators", "settings", "words"];
    document.getElementById("page").replaceChildren(
      h("a.skip", { href: "#verdict" }, say("page.skip")),
      h("header", {}, h("h1", {}, title), h("div.soft", {}, say("page.subtitle", { episodes: count, first: shown.first_seed,
        last: shown.first_seed + count - 1, count: shown.systems.length })), choose),
      h("nav", { "aria-label": say("page.sections") }, h("ul", {}, parts_.map((id) => h("li", {}, h("a", { href: `#${id}` },
        say(`page.nav.${id}`)))))),
      h("main", {},
        section("verdict", say("verdict.title"), warning ? h("p.warning", {}, warning) : null,
          h("ol.verdict", {}, shown.verdict.map((point) => h("li", {}, sentence(point))))),
        rankingSection(), pairSection(),
        section("indicators", say("page.indicators.title"), h("p.lead", {}, say("page.indicators.lead")), board),
        settingsSection(),
        section("words", say("page.words.title"), h("dl", {}, shown.glossary.map(([word, text]) => h("div", {}, h("dt", {}, word),
          h("dd", {}, text)))), terms())),
      h("footer", {}, say("page.made", { version: shown.versions.juguo ?? "" })), tip);
    drawRanking(); drawPair(); drawIndicators();
  }

  render();
  keepWidths(() => { if (Math.abs(pairs.maps.clientWidth - pairs.width) > 2) drawMaps(); });
  document.documentElement.dataset.ready = "yes";
})();
