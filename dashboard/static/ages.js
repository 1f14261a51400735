// How old each card's figures are, by this browser's own clock: they go stale by themselves when the server falls silent.
//
// A message carries ages as of its sending. The least delay between sending and arrival that was seen so far is the
// distance of the two clocks; what a message took longer than that (a network that held it up, a machine that slept) is
// added to the ages. When this machine's two clocks disagree it was asleep: everything starts anew.

import { boot } from "./words.js";

const SLEPT = 2; // seconds

export class Ages {
  constructor() {
    this.delay = Infinity;
    this.at = new Map(); // card -> seconds on our clock when its figures were right; null: nobody knows
    this.resync = {};
    this.failed = {};
    this.offset = Date.now() / 1000 - performance.now() / 1000;
  }

  get clock() {
    return performance.now() / 1000;
  }

  take(message) {
    const held = this.clock - message.sent;
    this.delay = Math.min(this.delay, held);
    const right = this.clock - (held - this.delay);
    for (const [card, age] of Object.entries(message.ages)) this.at.set(card, age === null ? null : right - age);
    for (const [card, { failed }] of Object.entries(message.cards)) this.failed[card] = failed;
    this.resync = message.resync;
    this.sent = message.sent;
    this.arrived = this.clock;
  }

  /** Whether this machine slept since it was asked the last time. */
  slept() {
    const offset = Date.now() / 1000 - performance.now() / 1000;
    const jumped = Math.abs(offset - this.offset) > SLEPT;
    this.offset = offset;
    if (jumped) this.delay = Infinity;
    return jumped;
  }

  /** The server's present instant, in milliseconds. */
  now() {
    return this.sent === undefined ? Date.now() : (this.sent + this.clock - this.arrived) * 1000;
  }

  age(card) {
    const at = this.at.get(card);
    return at === undefined || at === null ? null : Math.max(0, this.clock - at);
  }

  /** Seconds until one of these cards turns behind or stale, if nothing is heard; Infinity: none will. */
  untilTurn(cards) {
    const known = cards.map((card) => this.age(card)).filter((age) => age !== null);
    return Math.min(...known.flatMap((age) => [boot.behind - age, boot.stale - age]).filter((left) => left >= 0));
  }

  state(card) {
    if (this.failed[card]) return "failed";
    if (!this.at.has(card)) return "loading";
    const age = this.age(card);
    if (age === null) return "unknown";
    if (age > boot.stale) return "stale";
    if (this.resync[card]) return "resync";
    return age > boot.behind ? "behind" : "fresh";
  }
}

const WORST = ["failed", "unknown", "stale", "resync", "behind", "loading", "fresh"];
export const worst = (states) => WORST.find((state) => states.includes(state)) ?? "loading";
