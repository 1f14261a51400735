// The page: head, cards, the stream that feeds them, and the clock that makes them old.

import { Ages, worst } from "./ages.js";
import { el, morph } from "./dom.js";
import { chosen, current, filterBar } from "./filters.js";
import { SHAPES } from "./shapes.js";
import { address, boot, instant, records, span, timeOfDay, word } from "./words.js";

const LANGUAGES = [["ru", "Рус", "Русский"], ["kk", "Қаз", "Қазақша"], ["en", "Eng", "English"]];
const THEMES = ["auto", "light", "dark"];
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };
const LOST = 4; // seconds of silence

const ages = new Ages();
const rows = new Map();
const cards = boot.cards.filter((card) => card.shape !== "hidden");
let source;
let turning;
let refused = false;
let message = null;
let spoken = "";

// -- head

function head() {
  const here = current();
  const theme = here.get("theme") ?? "auto";
  const links = boot.pages.map((page) =>
    el("li", {}, el("a", { href: address(page === "operations" ? "/" : `/${page}`), "aria-current": page === boot.page ? "page" : null }, word(`page.${page}`))));
  const languages = LANGUAGES.map(([code, short, name]) =>
    el("a", { href: changed("lang", code), lang: code, hreflang: code, title: name, "aria-current": code === boot.language ? "true" : null }, short));
  const themes = el("button", { id: "theme", type: "button", onclick: nextTheme, ...themeWords(theme) }, SIGNS[theme]);
  return [
    el("a", { class: "skip", href: "#figures" }, word("skip")),
    el("header", { class: "head" },
      el("a", { class: "brand", href: address("/") }, el("img", { src: "/static/icon.svg", alt: "", width: 24, height: 24 }), "TechHub"),
      el("nav", { "aria-label": word("navigation") }, el("ul", {}, links)),
      el("div", { class: "tools" },
        el("p", { id: "overall", class: "overall", "data-state": "loading" }),
        el("p", { id: "speech", class: "hear", role: "status" }),
        el("time", { id: "clock" }),
        el("div", { class: "languages", role: "group", "aria-label": word("language") }, languages),
        themes)),
  ];
}

function changed(name, value) {
  const next = current();
  next.set(name, value);
  return `?${next.toString().replaceAll("%2C", ",")}`;
}

const themeWords = (theme) => ({ title: word(`theme.${theme}`), "aria-label": `${word("theme")}: ${word(`theme.${theme}`)}` });

function nextTheme(event) {
  const theme = THEMES[(THEMES.indexOf(current().get("theme") ?? "auto") + 1) % THEMES.length];
  history.replaceState(null, "", changed("theme", theme));
  document.documentElement.dataset.theme = theme;
  for (const [name, text] of Object.entries(themeWords(theme))) event.target.setAttribute(name, text);
  event.target.textContent = SIGNS[theme];
  for (const link of document.querySelectorAll(".head nav a, .brand")) link.href = address(new URL(link.href).pathname);
  for (const link of document.querySelectorAll(".languages a")) link.href = changed("lang", link.lang);
  render();
}

// -- cards

function skeleton(card) {
  return el("section", { id: `card-${card.name}`, class: `card shape-${card.shape} span-${card.columns}${card.tall ? " tall" : ""}`, "data-state": "loading", "aria-labelledby": `title-${card.name}` },
    el("header", {}, el("h2", { id: `title-${card.name}` }, card.title), el("p", { class: "age" })),
    el("p", { class: "notice", hidden: true }),
    el("div", { class: "body" }));
}

function body(card, width) {
  const shown = rows.get(card.name);
  if (shown === undefined || shown === null) {
    const text = ages.failed[card.name] ? word("error") : word("loading");
    return el("p", { class: ages.failed[card.name] ? "problem" : "wait" }, text);
  }
  if (!shown.length) return el("p", { class: "empty" }, boot.words[`empty.${card.name}`] ?? word("empty"));
  return SHAPES[card.shape](card, shown, { now: ages.now(), width, all: boot.page === "requests" });
}

function draw(card) {
  const place = document.querySelector(`#card-${card.name} .body`);
  const fresh = place.cloneNode(false);
  fresh.append(...[body(card, place.clientWidth)].flat());
  morph(place, fresh);
}

const shapeOf = { fresh: "●", behind: "◐", stale: "▲", unknown: "?", resync: "▲", failed: "✕", loading: "○" };

function chip(state, age) {
  const text = state === "fresh" ? span(age) : state === "loading" ? word("age.chip.loading")
    : age === null ? word(`age.chip.${state}`) : `${word(`age.chip.${state}`)} · ${span(age)}`;
  return [el("span", { "aria-hidden": "true", class: "dot-sign" }, shapeOf[state]), ` ${text}`];
}

function notice(state, age) {
  if (state === "unknown") return word("age.never");
  const since = age === null ? "" : `, ${word("age.as_of")} ${timeOfDay(ages.now() - age * 1000)}`;
  return `${word(`age.${state}`)}${since}`;
}

function tellAge(card) {
  const state = rows.has(card.name) ? ages.state(card.name) : ages.failed[card.name] ? "failed" : "loading";
  const age = ages.age(card.name);
  const section = document.getElementById(`card-${card.name}`);
  section.dataset.state = state;
  const place = section.querySelector(".age");
  morph(place, el("p", { class: "age", title: `${word("age.title")} ${age === null ? "?" : span(age)}` }, chip(state, age)));
  const warned = ["stale", "unknown", "resync", "failed"].includes(state);
  morph(section.querySelector(".notice"), el("p", { class: "notice", hidden: !warned }, warned ? notice(state, age) : ""));
  return state;
}

function tellAll() {
  const state = worst(cards.map(tellAge));
  const oldest = cards.map((card) => ages.age(card.name)).reduce((a, b) => (a === null || b === null ? null : Math.max(a, b)), 0);
  const text = word(`age.${state}`);
  const overall = document.getElementById("overall");
  morph(overall, el("p", { id: "overall", class: "overall", "data-state": state },
    el("span", { "aria-hidden": "true" }, shapeOf[state]), ` ${text}`, oldest !== null && state !== "loading" && el("b", {}, ` ${span(oldest)}`)));
  if (spoken !== state) document.getElementById("speech").textContent = text;
  spoken = state;
  document.title = `${["fresh", "loading"].includes(state) ? "" : "⚠ "}${word(`page.${boot.page}`)} · TechHub`;
  document.getElementById("clock").textContent = timeOfDay(ages.now());
}

// -- banners and filters

function banners() {
  const silent = ages.arrived !== undefined && ages.clock - ages.arrived > LOST;
  const found = [];
  if (message?.maintenance) found.push(["maintenance", maintenance(message.maintenance)]);
  if (refused) found.push(["refused", word("banner.refused")]);
  else if (silent) found.push(["lost", word("banner.lost")]);
  else if (message?.away) found.push(["away", word("banner.away")]);
  morph(document.getElementById("banners"), el("div", { id: "banners", role: "alert" },
    found.map(([kind, text]) => el("p", { class: `banner ${kind}`, "data-key": kind }, text))));
}

function maintenance({ reason, ends_at: ends }) {
  const until = ends ? `, ${word("until", { t: instant(ends, ages.now()) })}` : "";
  return `${word("banner.maintenance")}${until}${reason ? `: ${reason}` : ""}`;
}

function services() {
  const card = boot.cards.find((each) => each.name === "service_titles");
  return card && rows.get(card.name) ? records(card, rows.get(card.name)) : [];
}

function filters() {
  const place = document.getElementById("filters");
  place.replaceChildren(...[filterBar(services())].flat().filter(Boolean));
}

// -- the stream

function connect() {
  source?.close();
  refused = false;
  const query = chosen().toString();
  source = new EventSource(`/stream/${boot.page}${query ? `?${query}` : ""}`);
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    refused = true;
    setTimeout(() => refused && connect(), 10_000);
  };
}

function take(news) {
  refused = false;
  message = news;
  ages.take(news);
  for (const [name, { rows: found }] of Object.entries(news.cards)) {
    rows.set(name, found);
    const card = cards.find((each) => each.name === name);
    if (card) draw(card);
    if (name === "service_titles") filters();
  }
  tick();
}

function tick() {
  tellAll();
  banners();
  // not up to a second later
  clearTimeout(turning);
  const seconds = ages.untilTurn(cards.map((card) => card.name));
  if (seconds < Infinity) turning = setTimeout(tick, 1000 * seconds + 1);
}

function restart() {
  rows.clear();
  ages.at.clear();
  ages.failed = {};
  filters();
  render();
  connect();
}

function render() {
  for (const card of cards) draw(card);
  tick();
}

function start() {
  document.documentElement.dataset.theme = current().get("theme") ?? "auto";
  document.body.append(...head(),
    el("main", { id: "figures", tabindex: "-1" },
      el("h1", { class: "hear" }, word(`page.${boot.page}`)),
      el("div", { id: "filters" }), el("div", { id: "banners", role: "alert" }),
      el("div", { class: "cards" }, cards.map(skeleton))));
  filters();
  render();
  connect();
  setInterval(() => (ages.slept() ? restart() : tick()), 1000);
  new ResizeObserver(() => requestAnimationFrame(render)).observe(document.querySelector(".cards"));
  addEventListener("filters", restart);
  addEventListener("popstate", restart);
  addEventListener("pageshow", (event) => event.persisted && restart());
}

start();
