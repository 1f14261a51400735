// How a card looks, by the name of its shape: (card, rows, context) -> nodes. `context`: now, width.

import { area, bars, lines } from "./charts.js";
import { el, svg } from "./dom.js";
import { board, timeline } from "./rooms.js";
import { address, adminUrl, boot, count, figure, instant, isFigure, nameOf, records, share, span, valueWord, word } from "./words.js";

const TITLED = { title_ru: "title", title_kk: "title", title_en: "title", city_ru: "city", city_kk: "city", city_en: "city" };
const FIRST = 60; // rows of a table before it says that there are more
const STAFF = ["created", "sent", "approved"];
const AUTHOR = ["draft", "correction"];
const LINKS = {
  backlog_total: { requests: {}, waiting_for_staff: { waiting: "staff" }, unassigned: { waiting: "staff", assignees: "0" }, oldest_age_seconds: { waiting: "staff" } },
};

/** How bad a figure is by the catalogue's thresholds: "", warning, critical. */
export function grade(card, field, value) {
  const limits = card.thresholds[field];
  if (!limits || value === null) return "";
  const over = (limit) => (limits.below ? value <= limit : value >= limit);
  return over(limits.critical) ? "critical" : over(limits.warning) ? "warning" : "";
}

/** A sign and a word beside the colour. */
const sign = (level) => level && el("span", { class: `sign ${level}` }, el("span", { "aria-hidden": "true" }, level === "critical" ? "▲ " : "△ "), el("span", { class: "hear" }, word(level)));

/** Filters of this page that the list of requests knows as well. */
function here(extra) {
  const now = new URLSearchParams(location.search);
  const kept = Object.fromEntries(["services", "statuses", "waiting"].filter((name) => now.get(name)).map((name) => [name, now.get(name)]));
  return { ...kept, ...extra };
}

function tiles(card, rows, context) {
  const [first] = card.fields;
  const pairs = first.unit === "text"
    ? rows.map((row) => ({ key: row[0], title: valueWord(row[0]), value: row[1], unit: card.fields[1].unit, level: "" }))
    : card.fields.map((field, n) => ({ key: field.name, title: field.title, value: rows[0][n], unit: field.unit, level: grade(card, field.name, rows[0][n]) }));
  return el("dl", { class: "tiles" }, pairs.map((each) => {
    const text = figure(each.value, each.unit, context.now);
    const link = LINKS[card.name]?.[each.key];
    return el("div", { "data-key": each.key, class: each.level },
      el("dt", {}, each.title),
      el("dd", {}, sign(each.level), link ? el("a", { href: address("/requests", here(link)) }, text) : text));
  }));
}

/** Columns of a table: of what has three languages only the one that is asked for. */
function columns(card) {
  return card.fields.map((field, at) => ({ ...field, at })).filter((field) => !TITLED[field.name] || field.name.endsWith(boot.language));
}

function cell(card, field, value, context) {
  const link = adminUrl(field.name, value);
  if (value === null && field.unit === "id") return el("td", { class: "id" }, el("span", { class: "zero" }, nameOf(field.name, value)));
  const text = field.unit === "id" && field.name !== "service" ? nameOf(field.name, value) : figure(value, field.unit, context.now);
  const level = grade(card, field.name, value);
  const content = link ? el("a", { href: link, rel: "noreferrer", title: word("open_admin") }, text) : text;
  const numeric = isFigure(field.unit) || field.name === "request_id";
  return el("td", { class: `${numeric ? "number" : field.unit} ${level}`.trim() }, sign(level), content);
}

function table(card, rows, context) {
  const shown = columns(card);
  const key = card.fields.findIndex((field) => field.unit === "id");
  const body = rows.slice(0, context.all ? rows.length : FIRST).map((row) =>
    el("tr", { "data-key": key < 0 ? undefined : `${row[key]}/${row[key + 1]}` }, shown.map((field) => cell(card, field, row[field.at], context))));
  return scrolled(card, el("table", {},
    el("thead", {}, el("tr", {}, shown.map((field) => el("th", { scope: "col", class: isFigure(field.unit) ? "number" : "" }, field.title)))),
    el("tbody", {}, body)), rows.length > body.length && el("p", { class: "more" }, word("more", { n: count(body.length) })));
}

/** A table that is larger than its card can be reached and scrolled with keys. */
const scrolled = (card, ...inside) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": card.title }, inside);

/** Services by status: what waits for staff first, then what waits for its author. */
function backlog(card, rows, context) {
  const found = new Map();
  for (const row of records(card, rows)) {
    const name = row.service;
    const each = found.get(name) ?? found.set(name, { service: name, title: row[`title_${boot.language}`] || word("no_service"), cells: {}, staff: 0, total: 0, oldest: null }).get(name);
    each.cells[row.status] = (each.cells[row.status] ?? 0) + row.requests;
    each.total += row.requests;
    if (row.waiting_on !== "staff") continue;
    each.staff += row.requests;
    each.oldest = Math.max(each.oldest ?? 0, row.oldest_age_seconds);
  }
  const services = [...found.values()].sort((a, b) => b.staff - a.staff || (b.oldest ?? 0) - (a.oldest ?? 0) || b.total - a.total);
  const known = [...STAFF, ...AUTHOR];
  const statuses = [...known, ...new Set(records(card, rows).map((row) => row.status).filter((status) => !known.includes(status)))];
  const largest = Math.max(...services.map((each) => each.total));
  const head = el("tr", {}, el("th", { scope: "col" }, word("service")), el("th", { scope: "col", class: "number" }, word("waiting")),
    statuses.map((status) => el("th", { scope: "col", class: "number wide" }, valueWord(status))),
    el("th", { scope: "col", class: "mix" }, word("total")), el("th", { scope: "col", class: "number" }, word("oldest")));
  const line = (each) => {
    const level = grade(card, "oldest_age_seconds", each.oldest);
    return el("tr", { "data-key": each.service },
      el("th", { scope: "row" }, each.title),
      el("td", { class: "number main" }, linked(each.staff, { services: each.service, waiting: "staff" })),
      statuses.map((status) => el("td", { class: "number wide" }, linked(each.cells[status] ?? 0, { services: each.service, statuses: status }))),
      el("td", { class: "mix" }, linked(each.total, { services: each.service }), mix(each, statuses, largest)),
      el("td", { class: `number ${level}`.trim() }, sign(level), each.oldest === null ? "–" : span(each.oldest)));
  };
  return scrolled(card, el("table", { class: "backlog" }, el("thead", {}, head), el("tbody", {}, services.map(line))));
}

const linked = (value, filters) => (value ? el("a", { href: address("/requests", filters) }, count(value)) : el("span", { class: "zero" }, "0"));

function mix(each, statuses, largest) {
  let at = 0;
  return svg("svg", { class: "mix-bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, statuses.map((status) => {
    const width = (100 * (each.cells[status] ?? 0)) / largest;
    at += width;
    return width > 0 && svg("rect", { class: `ink-${status}`, x: at - width, width, height: 8 });
  }));
}

function funnel(card, rows) {
  const largest = Math.max(...rows.map((row) => row[1]), 1);
  const created = rows.find((row) => row[0] === "created")?.[1];
  return el("ol", { class: "funnel" }, rows.map(([milestone, requests]) =>
    el("li", { "data-key": milestone },
      el("span", { class: "name" }, valueWord(milestone)),
      meter(requests / largest, `ink-${milestone}`),
      el("b", {}, count(requests)),
      el("span", { class: "part", title: word("of_created") }, created ? share(requests / created) : "–"))));
}

const meter = (part, ink) => svg("svg", { class: "meter", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
  svg("rect", { class: "rail", width: 100, height: 10 }), svg("rect", { class: ink, width: 100 * Math.min(1, part), height: 10 }));

function meters(card, rows, context) {
  const found = records(card, rows);
  const scale = Math.max(...found.map((row) => row.utilisation ?? 0), 0.01);
  return el("ol", { class: "funnel" }, found.map((row) =>
    el("li", { "data-key": String(row.room_id) },
      el("span", { class: "name" }, nameOf("room_id", row.room_id)),
      meter((row.utilisation ?? 0) / scale, "ink-sent"),
      el("b", {}, figure(row.utilisation, "share", context.now)),
      el("span", { class: "part" }, span(row.booked_seconds ?? 0)))));
}

/** Every captured table with its state in a word, those that need somebody first. */
function states(card, rows, context) {
  return el("ul", { class: "states" }, records(card, rows).map((row) =>
    el("li", { "data-key": row.table, class: `state-${row.state}`, title: row.resync_reason ?? (row.last_change_at ? instant(row.last_change_at, context.now) : "") },
      el("code", {}, row.table), el("span", { class: "state" }, valueWord(row.state)),
      el("b", {}, row.lag_seconds === null ? "–" : span(row.lag_seconds)))));
}

export const SHAPES = { tiles, table, backlog, funnel, meters, board, timeline, states, area, bars, lines };
