// The page of a play. It holds what is set on its sliders; the state of the programme is the server's.
// Built once: render(). Drawn anew after each answer: draw().
"use strict";
(() => {
  const { data, STAGES, ACTORS, USES, USE_COLOURS, say, speakOf, number, signed, percent, h, chart, redrawCharts, plot, table,
    folded, section, sentence, tip, showTip, hideTip, lines, niceTop, write, mapScale, mapLegend, societyMap, fillMap,
    boardTable, keepWidths } = common;
  speakOf(data.step);
  const FUNCTIONS = USES.slice(0, 9);
  const LOOKS = [{ colour: "#0072b2", dash: null, wide: 3 }, { colour: "#1c2430", dash: "2,3" }, { colour: "#b34700", dash: "7,3" },
    { colour: "#00694d", dash: "9,3,2,3" }, { colour: "#8a3f8f", dash: "1,4" }, { colour: "#7a5c00", dash: "12,4" },
    { colour: "#5b4ab8", dash: "4,2,1,2" }];
  const CURVES = [["adoption", percent], ["earned", (x) => number(x)], ["resilience", (x) => number(x, 2)], ["excluded", percent]];
  const PARTS = [["breadth", "w_b", 1], ["resilience", "w_r", 1], ["excluded", "w_x", -1]];
  const PART_COLOURS = ["#0072b2", "#7cc0ea", "#c8662a"];
  const MOST_COLUMNS = 240;
  const { places } = data.society;

  const set = { functions: Object.fromEntries(FUNCTIONS.map((name) => [name, 50])), reserve: 10, by: "alike",
    groups: data.groups.map(() => 50), each: places.map(() => 50), openness: 0.5 };
  const look = { rival: data.adviser, quantity: "adoption", tops: {} };
  const adviser = data.systems[data.adviser].label;
  let now; // what the server told last
  let busy = false, unsaved = false;
  const root = document.documentElement.dataset; // tells how far the page is

  // ---- what is decided ----

  const perMember = () => set.by === "each" ? set.each : set.by === "alike" ? places.map(() => 50)
    : places.map((_, i) => set.groups[data.groups.findIndex((group) => group.places.includes(i))]);
  const decided = (asks) => ({ functions: set.functions, reserve: set.reserve,
    places: perMember().map((weight, i) => weight * places[i].share), openness: set.openness, advance: false, abandon: false,
    ...asks });
  function adopt(decision) {
    if (!decision) return;
    Object.assign(set.functions, decision.functions);
    const weights = decision.places.map((weight, i) => weight / places[i].share), top = Math.max(...weights);
    const scaled = weights.map((weight) => top > 100 ? 100 * weight / top : top > 0 ? weight : 50);
    set.reserve = decision.reserve;
    set.openness = decision.openness;
    set.each = scaled;
    set.groups = data.groups.map((group) => d3.mean(group.places, (i) => scaled[i]));
    const near = (a, b) => Math.abs(a - b) < 1e-6;
    set.by = scaled.every((x) => near(x, scaled[0])) ? "alike"
      : places.every((_, i) => near(scaled[i], perMemberOfGroup(i))) ? "groups" : "each";
  }
  const perMemberOfGroup = (i) => set.groups[data.groups.findIndex((group) => group.places.includes(i))];

  // ---- asking the server ----

  const error = h("p.error", { role: "alert" });
  async function ask(name, body) {
    if (busy) return null;
    busy = true;
    try {
      const answer = await fetch(name, body === undefined ? {} : { method: "POST", body: JSON.stringify(body),
        headers: { "content-type": "application/json" } });
      const told = await answer.json();
      error.textContent = told.error ?? "";
      return told.error ? null : told;
    } catch {
      error.replaceChildren(...sentence(say("play.gone")));
      return null;
    } finally {
      busy = false;
      root.answers = Number(root.answers ?? 0) + 1;
    }
  }
  async function move(name, body = {}) {
    const told = await ask(name, { quarter: now.quarter, ...body });
    if (!told) return;
    const before = now;
    take(told);
    unsaved = now.quarter > 0 && !now.saved;
    draw(before);
  }
  function take(told) {
    now = { ...told, plays: told.plays ?? now?.plays, faults: told.faults ?? now?.faults };
  }
  const mayDiscard = () => !unsaved || window.confirm(say("play.discard"));
  const step = (quarters, asks = {}) => move("step", { quarters, decision: decided(asks) });
  async function open(file) {
    const told = mayDiscard() && await ask("open", { file });
    if (!told) return;
    take(told);
    unsaved = false;
    adopt(now.last);
    drawSliders();
    draw(now);
    document.getElementById("now").scrollIntoView();
  }

  // ---- sliders ----

  const sliders = []; // each { input, output, get, share }
  function slider(id, label, max, stepSize, get, put, share, swatch) {
    const input = h("input", { type: "range", id, min: 0, max, step: stepSize, oninput: () => { put(Number(input.value)); shares(); } });
    const output = h("output", { for: id });
    sliders.push({ input, output, get, share });
    return h("div.share", {}, h("label", { for: id }, swatch ? h("i.swatch", { style: `background: ${swatch}` }) : null, label),
      input, output);
  }
  function shares() {
    const total = d3.sum(Object.values(set.functions)) + set.reserve, members = perMember();
    const money = d3.sum(members, (weight, i) => weight * places[i].share);
    const context = { use: (value) => total > 0 ? value / total : 0, member: (weight) => money > 0 ? weight / money : 1 };
    for (const { input, output, share } of sliders) {
      output.textContent = share(context);
      input.setAttribute("aria-valuetext", output.textContent);
    }
    empty.textContent = total > 0 ? "" : say("play.all_reserve");
  }
  function drawSliders() {
    for (const { input, get } of sliders) input.value = get();
    by.value = set.by;
    groupBox.hidden = set.by !== "groups";
    eachBox.hidden = set.by !== "each";
    shares();
  }
  const empty = h("p.soft", { role: "status" });
  const groupBox = h("div"), eachBox = h("div.each", { tabindex: 0, role: "group", "aria-label": say("play.places.each") });
  const by = h("select", { id: "by", onchange: () => {
    if (by.value === "each" && set.by !== "each") set.each = [...perMember()];
    set.by = by.value;
    drawSliders();
  } }, ["alike", "groups", "each"].map((way) => h("option", { value: way }, say(`play.places.${way}`))));

  const buttons = {};
  function button(name, act, kind = "") {
    buttons[name] = h(`button${kind}`, { type: "button", id: name, onclick: () => {
      if (buttons[name].getAttribute("aria-disabled") !== "true") act();
    } }, say(`play.do.${name}`));
    return buttons[name];
  }
  const hints = h("div.hints");
  function decideSection() {
    const times = (x) => `${number(x, x < 10 ? 2 : 0)}×`;
    const uses = ACTORS.map((actor, a) => h("fieldset", {}, h("legend", {}, say(`actor.${actor}`)), [0, 1, 2].map((i) => {
      const k = 3 * a + i, name = FUNCTIONS[k];
      return slider(`use-${name}`, say(`use.${name}`), 100, 1, () => set.functions[name], (x) => { set.functions[name] = x; },
        (context) => percent(context.use(set.functions[name]), 0), USE_COLOURS[k]);
    })));
    groupBox.append(...data.groups.map((group, i) => slider(`group-${group.name}`, say(`play.group.${group.name}`), 100, 1,
      () => set.groups[i], (x) => { set.groups[i] = x; }, (context) => times(context.member(set.groups[i])))));
    eachBox.append(...places.map((place, i) => slider(`place-${i}`, place.name, 100, 1, () => set.each[i],
      (x) => { set.each[i] = x; }, (context) => times(context.member(set.each[i])))));
    return h("section.decide", { id: "decide", "aria-labelledby": "decide-title" }, h("h2", { id: "decide-title" },
      say("play.decide")), h("p.lead", {}, say("play.decide_lead")), uses,
    h("fieldset", {}, h("legend", {}, say("play.reserve")), slider("reserve", say("use.reserve"), 100, 1, () => set.reserve,
      (x) => { set.reserve = x; }, (context) => percent(context.use(set.reserve), 0), USE_COLOURS[9]), empty),
    h("fieldset", {}, h("legend", {}, say("play.openness")), slider("openness", say("play.openness_label"), 1, 0.05,
      () => set.openness, (x) => { set.openness = x; }, () => percent(set.openness, 0))),
    h("fieldset", {}, h("legend", {}, say("play.places")), h("label", { for: "by" }, say("play.places.by")), by,
      groupBox, eachBox),
    h("div.bar", {}, button("quarter", () => step(1), ".first"), data.steps_a_year > 1 ? button("year", () => step(data.steps_a_year), ".first") : null,
      button("advance", () => step(1, { advance: true })), button("abandon", () => step(1, { abandon: true })),
      button("undo", () => move("undo")), button("save", () => move("save")), button("again", () => mayDiscard() && move("again")), hints));
  }
  function drawButtons() {
    const off = (name, is) => buttons[name].setAttribute("aria-disabled", is ? "true" : "false");
    const { waits } = now, begun = now.quarter > 0;
    for (const name of ["quarter", "year"]) if (buttons[name]) off(name, now.over);
    off("advance", now.over || waits !== 0);
    off("abandon", now.over);
    for (const name of ["undo", "save", "again"]) off(name, !begun);
    hints.textContent = now.over ? "" : waits === null ? say("play.hint.last") : waits > 0
      ? say("play.hint.advance", { count: waits }) : "";
  }

  // ---- how it stands ----

  const facts = h("dl.facts"), told = h("div.told", { role: "status" }), log = h("ul.log", { tabindex: 0 });
  const happened = (quarter, text) => say("play.event", { quarter, text });
  function drawNow(before) {
    const n = now.now, you = now.systems[0], last = (curve) => curve[curve.length - 1];
    const stage = STAGES[n.stage], most = data.maximum[n.stage];
    const fact = (key, value) => h("div", {}, h("dt", {}, say(`play.fact.${key}`)), h("dd", {}, value));
    facts.replaceChildren(
      fact("stage", say(most === undefined ? "play.stage_open" : "play.stage_of", { stage: say(`stage.${stage}`),
        quarters: n.stage_quarters, most })),
      fact("technology", say("play.technology", { number: n.project + 1, quarters: n.project_quarters })),
      fact("earned", number(last(you.earned))), fact("adoption", percent(last(you.adoption))),
      fact("excluded", percent(last(you.excluded))), fact("knowledge", number(n.knowledge, 2)), fact("fit", number(n.fit, 2)),
      fact("harm", n.experience > 0 ? number(n.harm, 3) : "–"), fact("reserve", number(n.reserve / data.budget, 2)));
    const new_ = now.quarter > before.quarter ? now.events.filter(([quarter]) => quarter > before.quarter).reverse() : [];
    told.replaceChildren(...now.saved ? sentence(say("play.saved", { file: now.saved.replaceAll("`", "'") }))
      : [now.over ? say("play.over") : now.quarter
      ? data.steps_a_year === 1 ? say("page.year_of", { quarter: now.quarter, last: data.quarters })
        : say("page.quarter_of", { quarter: now.quarter, last: data.quarters, year: Math.ceil(now.quarter / data.steps_a_year) })
      : say("play.beginning", { last: data.quarters })],
    new_.length ? h("ul", {}, new_.map(([quarter, text]) => h("li", {}, happened(quarter, text)))) : "");
    log.replaceChildren(...now.events.map(([quarter, text]) => h("li", {}, happened(quarter, text))));
    none.hidden = now.events.length > 0;
  }
  const none = h("p.soft", {}, say("play.log_none"));

  // ---- map, curves, board ----

  const maps = h("div"), mapKey = h("div"), mapValues = h("div"), boards = h("div.pair.stack");
  let drawnMaps = [], mapsWidth = 0;
  const rivals = () => [0, look.rival];
  const key = (i) => {
    const { colour, dash } = LOOKS[i], svg = d3.create("svg").attr("width", 34).attr("height", 10).attr("aria-hidden", "true");
    svg.append("line").attr("x1", 1).attr("x2", 33).attr("y1", 5).attr("y2", 5).attr("stroke", colour).attr("stroke-width", 3)
      .attr("stroke-dasharray", dash);
    return svg.node();
  };
  const named = (i) => h("p.name", {}, key(i), " ", data.systems[i].label);
  function drawMaps() {
    mapsWidth = maps.clientWidth;
    if (!mapsWidth) return;
    const wide = Math.max(270, Math.min(560, window.matchMedia("(max-width: 44rem)").matches ? mapsWidth : mapsWidth / 2 - 13));
    drawnMaps = rivals().map((i) => ({ i, ...societyMap(data.society, wide, `${say("page.map.title")}: ${data.systems[i].label}`) }));
    maps.replaceChildren(h("div.pair.stack", {}, drawnMaps.map(({ i, svg }) => h("div.map", {}, named(i), svg))));
    fillMaps();
  }
  function fillMaps() {
    const k = data.quantities.indexOf(look.quantity), tell = write(look.quantity);
    const seen = now.systems.flatMap((system) => system.places.map((place) => place[k]));
    const least = { money: 0.01, resilience: 1, adoption: 0.05, excluded: 0.05, crisis: 0.05 }[look.quantity] ?? 0.05;
    const top = look.tops[look.quantity] = Math.max(least, look.tops[look.quantity] ?? 0, ...seen.map((x) => x ?? 0));
    const scale = mapScale(look.quantity, top), at = (system, i, name) => system.places[i][data.quantities.indexOf(name)];
    for (const { i, marks } of drawnMaps) {
      const system = now.systems[i];
      fillMap(marks, look.quantity, scale, (p) => system.places[p][k], (p) => ["adoption", "excluded", "resilience", "crisis"]
        .filter((name) => name !== look.quantity).map((name) => `${say(`quantity.${name}`)}: ${write(name)(at(system, p, name))}`));
    }
    mapKey.replaceChildren(mapLegend(look.quantity, top, places));
    mapValues.replaceChildren(folded(table(say("page.map.title"), [say("page.place"), ...rivals().map((i) => data.systems[i].label)],
      places.map((place, p) => [place.name, ...rivals().map((i) => tell(now.systems[i].places[p][k]))]))));
  }
  function mapSection() {
    return section("society", say("page.map.title"), h("p.lead", {}, say(`page.map.${data.society.kind}`)),
      h("div.controls", {},
        h("div", {}, h("label", { for: "quantity" }, say("page.map.quantity")), h("select", { id: "quantity", onchange: (event) => {
          look.quantity = event.target.value;
          fillMaps();
        } }, data.quantities.map((name) => h("option", { value: name }, say(`quantity.${name}`))))),
        h("div", {}, h("label", { for: "rival" }, say("play.rival")), h("select", { id: "rival", onchange: (event) => {
          look.rival = Number(event.target.value);
          drawMaps();
          drawBoards();
        } }, data.systems.slice(1).map((system, i) => h("option", { value: i + 1, selected: i + 1 === look.rival }, system.label))))),
      maps, mapKey, mapValues);
  }
  const curves = h("div.curves");
  function curvesSection() {
    curves.append(...CURVES.map(([name, tell]) => h("div", {}, h("h3", {}, say(`play.curve.${name}`)),
      chart((width) => drawCurve(width, name, tell), say(`play.curve.${name}`)))));
    return section("curves", say("play.curves"), h("p.lead", {}, say("play.curves_lead")),
      h("div.lines", {}, data.systems.map((system, i) => h("span", {}, key(i), system.label))), curves, curveTable);
  }
  const curveTable = h("div");
  function drawCurve(width, name, tell) {
    const some = now.systems.map((system, i) => ({ ...LOOKS[i], label: data.systems[i].label,
      points: system[name].map((mean, quarter) => ({ quarter, mean })) }));
    const values = some.flatMap((one) => one.points.map((point) => point.mean));
    return lines(width, some, { top: niceTop(values), bottom: Math.min(0, ...values), quarter: now.quarter, height: 210,
      last: data.quarters, tell });
  }
  function drawCurves() {
    for (const one of curves.querySelectorAll(".chart")) one.redraw();
    curveTable.replaceChildren(folded(table(say("play.curves"), [say("page.system"), ...CURVES.map(([name]) =>
      say(`play.curve.${name}`))], now.systems.map((system, i) => [data.systems[i].label, ...CURVES.map(([name, tell]) =>
      tell(system[name][system[name].length - 1]))]))));
  }
  function drawBoards() {
    boards.replaceChildren(...rivals().map((i) => h("div", {}, named(i), boardTable(`${say("page.board.title")}: ${
      data.systems[i].label}`, now.systems[i].board))));
  }

  // ---- the end ----

  const end = h("section", { id: "end", "aria-labelledby": "end-title", hidden: true });
  function drawEnd() {
    end.hidden = !now.over;
    if (!now.over) return;
    const { scores, yours, advice } = now.end, label = (i) => data.systems[i].label;
    const value = (score, [part, weight, sign]) => sign * data.weights[weight] * score[part];
    const order = d3.sort(d3.range(scores.length), (i) => -scores[i].return);
    const rank = 1 + scores.filter((score) => score.return > scores[0].return).length;
    const best = order.find((i) => i > 0);
    const bars = order.flatMap((i) => PARTS.map((part) => ({ i, part: say(`page.weights.${part[0]}`), value: value(scores[i], part) })));
    const scoreChart = chart((width) => plot(width, { height: 60 + 30 * scores.length, marginLeft: Math.min(210, width * 0.4),
      marginRight: 16, marginBottom: 36, x: { label: say("page.parts.axis"), labelAnchor: "center", grid: true, ticks: width < 500 ? 4 : 6 },
      y: { domain: order, label: null }, color: { domain: PARTS.map(([part]) => say(`page.weights.${part}`)), range: PART_COLOURS },
      marks: [
        Plot.axisY({ tickFormat: label, tickSize: 0, lineWidth: Math.min(210, width * 0.4) / 12, textOverflow: "ellipsis" }),
        Plot.barX(bars, { x: "value", y: "i", fill: "part", insetTop: 4, insetBottom: 4, tip: { format: { x: false, y: false,
          fill: false } }, title: (bar) => `${label(bar.i)}\n${bar.part}: ${signed(bar.value)}` }),
        Plot.ruleX([0]),
        Plot.dot(order, { x: (i) => scores[i].return, y: (i) => i, symbol: "diamond", r: 5, fill: "#ffffff", stroke: "#1c2430",
          strokeWidth: 1.5 }),
      ] }), say("play.score"));
    const stages = (one) => say(one.given_up ? "play.given_up_in" : "play.reached", { stage: say(`stage.${one.stage}`) });
    const technologies = scores.flatMap((score, i) => score.technologies.map((one) => [`${label(i)} · ${one.project + 1}`,
      `${one.from} – ${one.to}`, stages(one), number(one.X_first, 2), number(one.X, 2), number(one.C, 2), number(one.Y, 2),
      number(one.rumour, 2)]));
    end.replaceChildren(h("h2", { id: "end-title" }, say("play.score")),
      h("p.result", {}, say("play.result", { earned: number(scores[0].return), rank, count: scores.length,
        best: label(best), other: number(scores[best].return) })),
      h("p.lead", {}, say("page.parts.lead")), scoreChart,
      h("div.legend", {}, PARTS.map(([part], i) => h("span", {}, h("i.swatch", { style: `background: ${PART_COLOURS[i]}` }),
        say(`page.weights.${part}`)))),
      table(say("play.score"), [say("page.system"), say("col.mean"), ...PARTS.map(([part]) => say(`page.weights.${part}`)),
        say("col.adoption_end"), say("play.col.abandoned")], order.map((i) => [label(i), number(scores[i].return),
        ...PARTS.map((part) => signed(value(scores[i], part))), percent(scores[i].adoption), String(scores[i].abandoned)])),
      h("h3", {}, say("play.hidden")), h("p.lead", {}, say("play.hidden_lead")),
      table(say("play.hidden"), ["technology", "quarters", "reached", "defect_first", "defect", "ceiling", "repairable", "rumour"]
        .map((name) => say(`play.col.${name}`)), technologies),
      h("h3", {}, say("play.advice", { name: adviser })), h("p.lead", {}, say("play.advice_lead")),
      ...compared(say("play.by_use"), yours.uses, advice.uses, USES.map((name) => say(`use.${name}`))),
      ...yours.places ? compared(say("play.by_place"), yours.places, advice.places, places.map((place) => place.name)) : [],
      h("h3", {}, say("play.asks")), folded(table(say("play.asks"), [say("page.quarter"), say("play.you"), adviser],
        yours.uses.map((_, q) => [String(q + 1), inWords(yours, q), inWords(advice, q)]))), asked(yours, advice));
    redrawCharts(true);
  }
  const asks = (one, q) => ["advance", "abandon"].filter((name) => one[name][q]).map((name) => say(`play.asks.${name}`));
  function inWords(one, q) {
    const most = d3.sort(d3.range(USES.length), (i) => -one.uses[q][i]).slice(0, 3).filter((i) => one.uses[q][i] >= 0.05);
    return [...most.map((i) => `${say(`use.${USES[i]}`)} ${percent(one.uses[q][i], 0)}`),
      `${say("play.openness_label")} ${percent(one.openness[q], 0)}`, ...asks(one, q)].join(say("comma"));
  }
  function asked(yours, advice) {
    const when = (one, name) => one[name].flatMap((is, q) => is ? [q + 1] : []);
    const told = (quarters) => quarters.length ? quarters.slice(0, 12).join(", ") + (quarters.length > 12 ? " …" : "") : "–";
    return table(say("play.asks"), ["", say("play.you"), adviser], ["advance", "abandon"].map((name) =>
      [say(`play.asks.${name}`), told(when(yours, name)), told(when(advice, name))]));
  }
  // Shares by quarter, of you and of the adviser: a row for each use or place, a column for each quarter.
  function compared(title, yours, its, names) {
    const every = Math.ceil(yours.length / MOST_COLUMNS), kept = d3.range(0, yours.length, every);
    const top = Math.max(0.01, d3.max(yours.flat()), d3.max(its.flat()));
    const colour = (x) => d3.interpolateYlGnBu(0.04 + 0.9 * x / top);
    const draw = (label, shares) => h("div", {}, h("p.name", {}, label), chart((width) => {
      const left = Math.min(130, width * 0.34), cells = kept.flatMap((q) => names.map((name, i) => ({ q: q + 1, i, share: shares[q][i] })));
      return plot(width, { height: 44 + 17 * names.length, marginLeft: left, marginBottom: 36, marginRight: 4, marginTop: 4,
        x: { type: "band", domain: kept.map((q) => q + 1), label: say("page.quarter"), labelAnchor: "center",
          ticks: kept.filter((_, k) => k % Math.ceil(kept.length / 8) === 0).map((q) => q + 1) },
        y: { domain: d3.range(names.length), label: null },
        marks: [Plot.axisY({ tickFormat: (i) => names[i], tickSize: 0, lineWidth: (left - 8) / 12, textOverflow: "ellipsis" }),
          Plot.cell(cells, { x: "q", y: "i", fill: (cell) => colour(cell.share), inset: 0,
            title: (cell) => `${say("page.quarter")} ${cell.q}\n${names[cell.i]}: ${percent(cell.share)}`, tip: { format: {
              x: false, y: false, fill: false } } })] });
    }, `${title}: ${label}`));
    const stops = d3.range(0, 1.01, 0.1).map((x) => colour(x * top)).join(", ");
    return [h("h4", {}, title), h("div.pair.stack", {}, draw(data.systems[0].label, yours), draw(adviser, its)),
      h("div.legend", {}, percent(0, 0), h("i.ramp", { style: `background: linear-gradient(to right, ${stops})` }), percent(top, 0))];
  }

  // ---- saved plays ----

  const plays = h("div.plays");
  function drawPlays() {
    let rank = 0;
    const row = (one) => [one.file, one.return === undefined ? "–" : String(++rank), one.return === undefined
      ? say("play.unfinished", { quarters: one.quarters, last: data.quarters }) : number(one.return),
    ...PARTS.map(([part]) => one[part] === undefined ? "–" : number(one[part])),
    h("td", {}, h("button", { type: "button", onclick: () => open(one.file) }, say("play.open"), h("span.unseen", {}, ` ${one.file}`)))];
    plays.replaceChildren(now.plays.length ? table(say("play.plays"), [say("play.col.file"), say("page.rank"), say("col.mean"),
      ...PARTS.map(([part]) => say(`col.${part}`)), ""], now.plays.map(row)) : h("p.soft", {}, say("play.plays_none")),
    now.faults.map((fault) => h("p.warning", {}, fault)));
  }

  // ---- the whole page ----

  function draw(before) {
    root.quarter = now.quarter;
    drawNow(before); drawButtons(); fillMaps(); drawCurves(); drawBoards(); drawEnd(); drawPlays();
    if (now.over && !before.over) end.scrollIntoView();
  }
  function render() {
    const title = say("play.title", { world: data.scenario });
    document.body.classList.add("play");
    document.getElementById("page").replaceChildren(h("a.skip", { href: "#decide" }, say("play.skip")),
      h("header", {}, h("h1", {}, title), h("div.soft", {}, say("play.subtitle", { seed: data.seed, quarters: data.quarters,
        count: places.length }))),
      h("main", {},
        h("div.wide-row", {}, section("now", say("play.now"), error, told, facts)),
        decideSection(),
        h("div", {}, mapSection(), curvesSection(),
          section("board", say("page.board.title"), h("p.lead", {}, say("play.board_lead")), boards),
          section("log", say("play.log"), none, log)),
        h("div.wide-row", {}, end, section("plays", say("play.plays"), h("p.lead", {}, say("play.plays_lead")), plays))),
      h("footer", {}, sentence(say("play.made"))), tip);
  }
  async function begin() {
    const told = await ask("state");
    render();
    if (!told) return;
    take(told);
    adopt(now.last);
    drawSliders();
    drawMaps();
    draw({ quarter: now.quarter, over: true });
    keepWidths(() => { if (Math.abs(maps.clientWidth - mapsWidth) > 2) drawMaps(); });
    root.ready = "yes";
  }
  begin();
})();
