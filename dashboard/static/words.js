// What the document carries, and every figure, instant, name and link as people read it.

export const boot = JSON.parse(document.getElementById("boot").textContent);

// Kazakh writes numbers as Russian does; many browsers know neither its numbers nor its months.
const locale = { ru: "ru-RU", kk: "ru-RU", en: "en-GB" }[boot.language];
const months = boot.words.months.split(" ");
const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: boot.zone });
const seconds = new Intl.DateTimeFormat(locale, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: boot.zone,
});
const iso = new Intl.DateTimeFormat("en-CA", { timeZone: boot.zone, year: "numeric", month: "2-digit", day: "2-digit" });
const hours = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: boot.zone });

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const ROWS = {
  request_id: "service/servicerequest", parent_id: "service/servicerequest", booking_id: "booking/booking",
  booking_a: "booking/booking", booking_b: "booking/booking", assignee_id: "account/user", expert_id: "account/user",
  author_id: "account/user", user_id: "account/user", company_id: "account/company", room_id: "booking/room",
  event_id: "core/event", vacancy_id: "core/vacancy", course_id: "techorda/course", school_id: "techorda/school",
  flow_id: "techorda/flow",
};
const NAMES = {
  assignee_id: "people", expert_id: "people", author_id: "people", user_id: "people", room_id: "rooms", company_id: "companies",
};
const SINGULAR = { people: "person", rooms: "room", companies: "company" };

export const word = (key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), boot.words[key] ?? key);

/** A status, type or state in words; what the page has no word for is shown as it is. */
export const valueWord = (value) => boot.words[`value.${value}`] ?? String(value);

export const count = (value) => integer.format(value);
export const share = (value) => percent.format(value);

/** Two units while the larger one is small: 2 d 4 h, 12 d, 45 s. */
export function span(total) {
  let left = Math.max(0, Math.round(total));
  const at = UNITS.findIndex(([, size]) => left >= size);
  if (at < 0) return `0 ${word("unit.second")}`;
  const [unit, size] = UNITS[at];
  const whole = Math.floor(left / size);
  const text = `${integer.format(whole)} ${word(`unit.${unit}`)}`;
  left -= whole * size;
  if (whole >= 10 || at >= 2) return text;
  const [smaller, part] = UNITS[at + 1];
  const rest = Math.floor(left / part);
  return rest ? `${text} ${rest} ${word(`unit.${smaller}`)}` : text;
}

export const time = (instant) => clock.format(new Date(instant));
export const timeOfDay = (instant) => seconds.format(new Date(instant));
export const dayOf = (instant) => iso.format(new Date(instant));

export function shortDay(instant) {
  const [, month, day] = dayOf(instant).split("-").map(Number);
  return `${day} ${months[month - 1]}`;
}

/** Seconds since midnight in the reporting zone. */
export function sinceMidnight(instant) {
  const [hour, minute, second] = hours.format(new Date(instant)).split(":").map(Number);
  return hour * 3600 + minute * 60 + second;
}

/** Today's instants as a time, others with their day. */
export function instant(value, now) {
  const text = time(value);
  return dayOf(value) === dayOf(now) ? text : `${shortDay(value)}, ${text}`;
}

/** Who or what an id is, by the operators' label file. */
export function nameOf(field, id) {
  if (id === null) return NAMES[field] === "people" ? word("nobody") : "–";
  const kind = NAMES[field];
  if (!kind) return String(id);
  return boot.labels[kind][id] ?? word(SINGULAR[kind], { n: id });
}

/** Rooms in the order of their names, Room 2 before Room 10. */
export const byName = (a, b) => nameOf("room_id", a).localeCompare(nameOf("room_id", b), boot.language, { numeric: true });

/** The application's page of a row, where the operators say how to get there. */
export function adminUrl(field, id) {
  if (!boot.admin_url || id === null || !ROWS[field]) return null;
  const [app, model] = ROWS[field].split("/");
  return boot.admin_url.replace("{app}", app).replace("{model}", model).replace("{id}", encodeURIComponent(id));
}

/** A figure with its unit, as text. */
export function figure(value, unit, now) {
  if (value === null || value === undefined) return "–";
  if (unit === "seconds") return span(value);
  if (unit === "share") return share(value);
  if (unit === "instant") return instant(value, now);
  if (unit === "day") return shortDay(`${value}T12:00:00Z`);
  if (unit === "flag") return value ? "✓" : "–";
  if (unit === "tenge") return `${count(value)} ₸`;
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : decimal.format(value);
  return Array.isArray(value) ? value.map(valueWord).join(", ") : valueWord(value);
}

/** Rows by the names of their fields. */
export const records = (card, rows) => rows.map((row) => Object.fromEntries(card.fields.map((field, n) => [field.name, row[n]])));

export const isFigure = (unit) => !["text", "id", "day", "instant", "flag"].includes(unit);

/** A link within the page that keeps language and theme. */
export function address(path, filters = {}) {
  const query = new URLSearchParams(filters);
  const now = new URLSearchParams(location.search);
  for (const kept of ["lang", "theme"]) if (now.get(kept)) query.set(kept, now.get(kept));
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `${path}?${text}` : path;
}
