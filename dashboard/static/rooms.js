// The floor: a tile a room, and the day as a line a room, with what overlaps marked.

import { el } from "./dom.js";
import { adminUrl, byName, dayOf, instant, nameOf, records, sinceMidnight, time, valueWord, word } from "./words.js";

const OPENS = 8 * 3600;
const CLOSES = 20 * 3600;
const HOUR = 3600;
const DAY = 24 * HOUR;

export function board(card, rows, context) {
  return el("ul", { class: "floor" }, records(card, rows).sort((a, b) => byName(a.room_id, b.room_id)).map(({ room_id: room, state, booking_id: booking, until, next_starts_at: next }) => {
    const link = adminUrl("booking_id", booking);
    const when = state === "in_use" ? word("until", { t: instant(until, context.now) })
      : next ? word("next", { t: instant(next, context.now) }) : word("no_next");
    return el("li", { "data-key": String(room), class: `room ${state}` },
      el("span", { class: "room-name" }, nameOf("room_id", room)),
      el("span", { class: "room-state" }, el("span", { "aria-hidden": "true" }, state === "in_use" ? "■ " : "□ "),
        link ? el("a", { href: link, rel: "noreferrer" }, valueWord(state)) : valueWord(state)),
      el("span", { class: "room-when" }, when));
  }));
}

/** Bookings that share time with another one of their room. */
export function overlapping(bookings) {
  const found = new Set();
  for (const a of bookings) for (const b of bookings) {
    if (a !== b && a.from < b.to && b.from < a.to) found.add(a);
  }
  return found;
}

function ofToday(found, now) {
  const today = dayOf(now);
  const rooms = new Map();
  for (const { room_id: room, booking_id: booking, starts_at: starts, ends_at: ends } of found) {
    const from = dayOf(starts) < today ? 0 : dayOf(starts) > today ? DAY : sinceMidnight(starts);
    const to = dayOf(ends) > today ? DAY : dayOf(ends) < today ? 0 : sinceMidnight(ends);
    if (from < to) (rooms.get(room) ?? rooms.set(room, []).get(room)).push({ booking, from, to, starts, ends });
  }
  return rooms;
}

export function timeline(card, rows, context) {
  const rooms = ofToday(records(card, rows), context.now);
  const all = [...rooms.values()].flat();
  const first = Math.floor(Math.min(OPENS, ...all.map((each) => each.from)) / HOUR) * HOUR;
  const last = Math.ceil(Math.max(CLOSES, ...all.map((each) => each.to)) / HOUR) * HOUR;
  const place = (second) => `${(100 * (second - first)) / (last - first)}%`;
  const step = (last - first) / HOUR > 14 || context.width < 700 ? 2 : 1;
  const hours = Array.from({ length: Math.ceil((last - first) / HOUR / step) }, (_, n) => first + n * step * HOUR);
  const now = sinceMidnight(context.now);
  const head = el("div", { class: "lane hours", "aria-hidden": "true" }, el("span", {}),
    el("div", { class: "track" }, hours.map((hour) => el("span", { class: "hour", style: { left: place(hour) } }, `${String(hour / HOUR).padStart(2, "0")}:00`))));
  const lanes = [...rooms].sort((a, b) => byName(a[0], b[0])).map(([room, bookings]) => {
    const clash = overlapping(bookings);
    return el("li", { class: "lane", "data-key": String(room) },
      el("span", { class: "lane-name" }, nameOf("room_id", room)),
      el("div", { class: "track" },
        hours.map((hour) => el("span", { class: "mark", style: { left: place(hour) } })),
        bookings.map((each) => booking(each, clash.has(each), place, now, context.now)),
        now >= first && now <= last && el("span", { class: "now", style: { left: place(now) } })));
  });
  return el("div", { class: "day" }, head, el("ul", {}, lanes));
}

function booking(each, clash, place, now, today) {
  const times = each.from > 0 && each.to < DAY ? `${time(each.starts)}–${time(each.ends)}` : `${instant(each.starts, today)} – ${instant(each.ends, today)}`;
  const text = `${times}, ${word("room_booking", { n: each.booking })}${clash ? `, ${word("overlap")}` : ""}`;
  const link = adminUrl("booking_id", each.booking);
  const state = each.to <= now ? "past" : each.from <= now ? "present" : "";
  const style = { left: place(each.from), width: `calc(${place(each.to)} - ${place(each.from)})` };
  return el(link ? "a" : "span", { class: `booking ${state}${clash ? " clash" : ""}`, title: text, style, href: link, rel: link ? "noreferrer" : null, "data-key": String(each.booking) },
    el("span", { "aria-hidden": "true" }, clash ? `⚠ ${times}` : times), el("span", { class: "hear" }, text));
}
