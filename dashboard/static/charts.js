// Series over time as SVG: stacked areas, stacked bars, lines. Each has its figures in words for who cannot see it.

import { el, svg } from "./dom.js";
import { count, figure, shortDay, span, time, valueWord, word } from "./words.js";

const MARGIN = { top: 8, right: 18, bottom: 22, left: 42 };
const HOUR = 3600e3;
const STEPS = { minute: 60e3, hour: HOUR, day: 24 * HOUR };

const ORDER = ["draft", "correction", "created", "sent", "approved", "success", "reject", "rejected", "deleted", "removed"];

/** Rows -> {times, series: [{name, values}]}: the first field is time, text fields make the names, figures the values. */
export function series(card, rows) {
  const [clock, ...others] = card.fields;
  const figures = others.map((field, n) => ({ ...field, at: n + 1 })).filter((f) => !["text", "id"].includes(f.unit));
  const labels = others.map((field, n) => ({ ...field, at: n + 1 })).filter((f) => ["text", "id"].includes(f.unit));
  const label = labels.at(-1); // of a transition, where it went
  const when = (row) => Date.parse(clock.unit === "day" ? `${row[0]}T00:00:00Z` : row[0]);
  const found = new Map();
  const add = (name, at, value) => {
    const values = found.get(name) ?? found.set(name, new Map()).get(name);
    values.set(at, value === null ? null : (values.get(at) ?? 0) + value);
  };
  for (const row of rows) {
    if (label) add(String(row[label.at]), when(row), row[figures[0].at]);
    else for (const figure of figures) add(figure.name, when(row), row[figure.at]);
  }
  const names = [...found.keys()].sort((a, b) => rank(a) - rank(b));
  const titles = Object.fromEntries(figures.map((figure) => [figure.name, figure.title]));
  return inks({
    clock: clock.name,
    times: [...new Set(rows.map(when))].sort((a, b) => a - b),
    series: names.map((name) => ({ name, title: label ? valueWord(name) : titles[name], values: found.get(name) })),
    unit: figures[0].unit,
  });
}

const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

/** Every instant of the span, so that an hour without rows is seen as one. */
function everyStep(clock, times, end) {
  const step = STEPS[clock] ?? HOUR;
  const last = Math.max(times.at(-1), clock === "day" ? times.at(-1) : Math.floor(end / step) * step);
  const found = [];
  for (let at = times[0]; at <= last; at += step) found.push(at);
  return found;
}

const MINUTE = 60;
const DAY = 86400;
const SPANS = [1, 2, 4, 10, 20, 30, 60].map((n) => n * MINUTE).concat([2, 4, 8, 12].map((n) => n * 3600), [1, 2, 4, 8, 14, 30, 60, 90, 180, 360, 720, 1440].map((n) => n * DAY));

/** The least round figure above; half of it is round, too. */
function ceiling(value, unit) {
  if (unit === "seconds") return SPANS.find((n) => n >= value) ?? value;
  if (value <= 2) return 2;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].map((n) => Math.round(n * size)).find((n) => n >= value && n % 2 === 0);
}

const ticksOf = (top) => [0, top / 2, top];

const OWN = new Set([...ORDER, "event", "vacancy", "blog", "article"]);
const OTHERS = [2, 1, 0, 3, 4, 5, 6];

/** Its own ink, or the next free one for what has none, an unknown status too. */
function inks(data) {
  let next = 0;
  for (const each of data.series) each.ink = `ink-${OWN.has(each.name) ? each.name : OTHERS[next++ % OTHERS.length]}`;
  return data;
}


/** A frame with axes; `paint(x, y, times)` gives what is in it. */
function chart(card, data, context, top, paint) {
  const width = Math.max(240, context.width);
  const height = context.height ?? 190;
  const times = everyStep(data.clock, data.times, context.now);
  const inner = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const slot = (inner.right - inner.left) / times.length;
  const x = (at) => inner.left + ((at - times[0]) / (times.at(-1) - times[0] || 1)) * (inner.right - inner.left - slot) + slot / 2;
  const y = (value) => inner.bottom - (value / top) * (inner.bottom - inner.top);
  const frame = ticksOf(top).map((tick) => [
    svg("line", { class: "grid", x1: inner.left, x2: inner.right, y1: y(tick), y2: y(tick) }),
    svg("text", { class: "tick", x: inner.left - 6, y: y(tick) + 4, "text-anchor": "end" }, data.unit === "seconds" ? span(tick) : count(tick)),
  ]);
  const described = data.series.map((each) => `${each.title}: ${figure(each.values.get(data.times.at(-1)) ?? 0, data.unit, context.now)}`);
  return svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `${card.title}; ${word("last_value")}: ${described.join(", ")}` },
    frame, timeTicks(times, x, inner, data.clock), paint(x, y, times, slot),
  );
}

function timeTicks(times, x, inner, clock) {
  const room = Math.max(2, Math.floor((inner.right - inner.left) / 70));
  const named = (at) => (clock === "day" ? shortDay(at + 12 * HOUR) : clock === "hour" && times.length > 30 ? shortDay(at) : time(at));
  const step = Math.max(1, Math.ceil(times.length / room));
  const seen = new Set();
  return times
    .filter((at, n) => (times.length - 1 - n) % step === 0)
    .filter((at) => !seen.has(named(at)) && seen.add(named(at)))
    .map((at) => svg("text", { class: "tick", x: x(at), y: inner.bottom + 16, "text-anchor": "middle" }, named(at)));
}

function legend(data, context, latest = true) {
  return el("ul", { class: "legend" }, data.series.map((each) =>
    el("li", { "data-key": each.name },
      svg("svg", { class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: each.ink, width: 10, height: 10, rx: 2 })),
      each.title,
      latest && el("b", {}, figure(each.values.get(data.times.at(-1)) ?? (data.unit === "seconds" ? null : 0), data.unit, context.now)))));
}

const totals = (data, times) => times.map((at) => data.series.reduce((sum, each) => sum + (each.values.get(at) ?? 0), 0));

export function area(card, rows, context) {
  const data = series(card, rows);
  const top = ceiling(Math.max(...totals(data, data.times)), data.unit);
  const paint = (x, y, times) => {
    const base = new Map(times.map((at) => [at, 0]));
    return data.series.map((each) => {
      const low = times.map((at) => [x(at), y(base.get(at))]);
      for (const at of times) base.set(at, base.get(at) + (each.values.get(at) ?? 0));
      const high = times.map((at) => [x(at), y(base.get(at))]);
      const points = [...high, ...low.reverse()].map((point) => point.map((v) => v.toFixed(1)).join(","));
      if (times.length === 1) return svg("rect", { class: each.ink, x: x(times[0]) - 40, width: 80, y: high[0][1], height: Math.max(0, low[0][1] - high[0][1]) });
      return svg("polygon", { class: each.ink, points: points.join(" ") });
    });
  };
  return [chart(card, data, context, top, paint), legend(data, context)];
}

export function bars(card, rows, context) {
  const data = series(card, rows);
  const top = ceiling(Math.max(...totals(data, data.times)), data.unit);
  const paint = (x, y, times, slot) => times.map((at) => {
    let base = 0;
    const width = Math.min(36, Math.max(1, slot - (slot > 5 ? 2 : 0.5)));
    return data.series.map((each) => {
      const value = each.values.get(at) ?? 0;
      base += value;
      return value > 0 && svg("rect", { class: each.ink, x: x(at) - width / 2, width, y: y(base), height: y(0) - y(value) },
        svg("title", {}, `${data.clock === "day" ? shortDay(at + 12 * HOUR) : time(at)} · ${each.title}: ${count(value)}`));
    });
  });
  return [chart(card, data, context, top, paint), legend(data, context, data.clock === "day")];
}

export function lines(card, rows, context) {
  const data = series(card, rows);
  const largest = Math.max(...data.series.flatMap((each) => [...each.values.values()].map((value) => value ?? 0)));
  const top = ceiling(largest, data.unit);
  const paint = (x, y, times) => data.series.map((each) => {
    const points = times.filter((at) => (each.values.get(at) ?? null) !== null).map((at) => [x(at), y(each.values.get(at))]);
    const dots = points.map(([cx, cy]) => svg("circle", { class: `dot ${each.ink}`, cx, cy, r: 2.5 }));
    return [svg("polyline", { class: `line ${each.ink}`, points: points.map((point) => point.join(",")).join(" ") }), dots];
  });
  return [chart(card, data, context, top, paint), legend(data, context)];
}


