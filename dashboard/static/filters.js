// The filters of a page: they live in its address and nowhere else.

import { el } from "./dom.js";
import { boot, nameOf, valueWord, word } from "./words.js";

const TYPES = ["event", "vacancy", "blog", "article"];
const PERIODS = ["1d", "7d", "30d", "90d"];
const LISTED = { companies: "companies", assignees: "people" };

export const current = () => new URLSearchParams(location.search);

/** What the stream is asked for: this page's filters that are set. */
export function chosen() {
  const now = current();
  return new URLSearchParams(boot.filters.filter((name) => now.get(name)).map((name) => [name, now.get(name)]));
}

function set(name, value) {
  const next = current();
  if (value) next.set(name, value);
  else next.delete(name);
  const query = next.toString().replaceAll("%2C", ",");
  history.pushState(null, "", query ? `?${query}` : location.pathname);
  dispatchEvent(new Event("filters"));
}

function options(name, services) {
  if (name === "services") return services.map((row) => [row.service, row[`title_${boot.language}`]]);
  if (name === "statuses") return boot.statuses.map((status) => [status, valueWord(status)]);
  if (name === "waiting") return ["staff", "author"].map((who) => [who, valueWord(who)]);
  if (name === "types") return TYPES.map((type) => [type, valueWord(type)]);
  if (name === "period") return PERIODS.map((period) => [period, word(`period.${period}`)]);
  return Object.keys(boot.labels.rooms).map((room) => [room, nameOf("room_id", Number(room))]);
}

function choice(name, services) {
  const value = current().get(name) ?? "";
  const found = options(name, services);
  if (value && !found.some(([key]) => key === value)) found.unshift([value, value]);
  if (!found.length) return null;
  return el("select", { id: `filter-${name}`, onchange: (event) => set(name, event.target.value) },
    el("option", { value: "" }, name === "period" ? word("period.default") : word("all")),
    found.map(([key, text]) => el("option", { value: key, selected: key === value }, text)));
}

function number(name) {
  const labels = Object.entries(boot.labels[LISTED[name]]);
  return [
    el("input", { id: `filter-${name}`, type: "text", inputmode: "numeric", pattern: "[0-9, ]*", size: 8, list: `list-${name}`,
      value: current().get(name) ?? "", onchange: (event) => event.target.checkValidity() && set(name, event.target.value.trim()) }),
    el("datalist", { id: `list-${name}` }, labels.map(([id, text]) => el("option", { value: id }, text))),
  ];
}

/** The form; `services` are rows of the services' titles, once they have come. */
export function filterBar(services) {
  if (!boot.filters.length) return null;
  const fields = boot.filters.map((name) => {
    const input = LISTED[name] ? number(name) : choice(name, services);
    return input && el("div", { class: `filter${current().get(name) ? " set" : ""}`, "data-key": name },
      el("label", { for: `filter-${name}` }, word(`filter.${name}`)), input);
  });
  const reset = chosen().size > 0 && el("button", { type: "button", "data-key": "reset", onclick: clear }, word("filter.reset"));
  return el("form", { class: "filters", "aria-label": word("filters"), onsubmit: (event) => event.preventDefault() }, fields, reset);
}

function clear() {
  const next = current();
  for (const name of boot.filters) next.delete(name);
  history.pushState(null, "", next.size ? `?${next}` : location.pathname);
  dispatchEvent(new Event("filters"));
}
