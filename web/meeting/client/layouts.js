// Arrangements of the composed picture as values: the fields of docs/protocol.md, pins, and what a plan looks like. No DOM.

/** @type {Layout} */
export const PLAIN = {kind: 'grid', focus: null, seats: [], page: 0, rotate: 0, empty: false, title: false, clock: false};

/** The fields of an arrangement out of any message. @param {Partial<Layout> | Message} message @returns {Layout} */
export const arrangement = ({kind, focus, seats, page, rotate, empty, title, clock}) => ({
  kind: kind ?? PLAIN.kind,
  focus: focus ?? null,
  seats: seats ?? [],
  page: page ?? 0,
  rotate: rotate ?? 0,
  empty: empty ?? false,
  title: title ?? false,
  clock: clock ?? false,
});

/** What an audience sees: room systems are components, all others see what everyone sees until they get their own. @param {Audience} audience @param {Own} own @param {Layout} shown */
export const forAudience = (audience, own, shown) => own[audience] ?? (audience === 'systems' ? own.components : undefined) ?? shown;

/** Without the nobodies at the end. @param {(string | null)[]} seats */
const trimmed = seats => seats.slice(0, seats.findLastIndex(seat => seat !== null) + 1);

/** Another kind; pins beyond its panes are dropped, and pages begin anew. @param {Layout} layout @param {LayoutPlan} plan @returns {Layout} */
export const ofKind = (layout, {kind, most}) => ({...layout, kind, page: 0, seats: trimmed(layout.seats.slice(0, most))});

/** Pin a seat to a pane, out of any other; null leaves the pane to the others. @param {Layout} layout @param {number} pane @param {string | null} seat @returns {Layout} */
export function pin(layout, pane, seat) {
  const seats = Array.from({length: Math.max(layout.seats.length, pane + 1)}, (_, number) => layout.seats[number] ?? null);
  const free = seats.map(one => (one === seat ? null : one));
  free[pane] = seat;
  return {...layout, seats: trimmed(free)};
}

/** Everything but the pins of seats that are no longer known. @param {Layout} layout @param {Seat[]} seats @returns {Layout} */
export function known(layout, seats) {
  const ids = new Set(seats.map(({seat}) => seat));
  const kept = layout.seats.map(seat => (seat !== null && ids.has(seat) ? seat : null));
  return {...layout, focus: layout.focus !== null && ids.has(layout.focus) ? layout.focus : null, seats: trimmed(kept)};
}

/** Who can have a pane: points, absent ones too. @param {Seat[]} seats */
export const pinnable = seats => seats.filter(({role}) => role !== 'observer');

/** How many panes a growing layout needs for who is here and for its pins. @param {Seat[]} seats @param {Layout} layout */
export const panesWanted = (seats, {seats: pins}) => Math.max(1, pins.length, pinnable(seats).filter(({here}) => here).length);

/** @type {(a: Layout, b: Layout) => boolean} */
export const same = (a, b) => JSON.stringify(arrangement(a)) === JSON.stringify(arrangement(b));

/** The panes of a plan in a 16:9 picture of 160 × 90, with a little air between them. @param {LayoutPlan} plan */
export function boxes({columns, rows, cells}) {
  const [w, h] = [160 / columns, 90 / rows];
  return cells.map(({x, y, width, height, role}) => ({x: x * w + 0.5, y: y * h + 0.5, width: width * w - 1, height: height * h - 1, role}));
}
