// Layouts of the composed picture as values: the fields of docs/protocol.md, pins, rectangles. Pure functions, for
// the console and meeting-state.js.

/** The layout of a new meeting. @type {Layout} */
export const DEFAULT_LAYOUT = {kind: 'grid', focus: null, seats: [], page: 0, rotate: 0, empty: false, title: false, clock: false};

/**
 * Return the fields of a layout out of any message, with defaults.
 * @param {Partial<Layout> | Message} message
 * @returns {Layout}
 */
export const layoutFields = ({kind, focus, seats, page, rotate, empty, title, clock}) => ({
  kind: kind ?? DEFAULT_LAYOUT.kind,
  focus: focus ?? null,
  seats: seats ?? [],
  page: page ?? 0,
  rotate: rotate ?? 0,
  empty: empty ?? false,
  title: title ?? false,
  clock: clock ?? false,
});

/**
 * Return the layout of an audience: its own, for room systems else that of the components, else everyone's.
 * @param {Audience} audience
 * @param {AudienceLayouts} own
 * @param {Layout} shown
 */
export const layoutForAudience = (audience, own, shown) => own[audience] ?? (audience === 'systems' ? own.components : undefined) ?? shown;

/** Return pins without the nulls at the end. @param {(string | null)[]} seats */
const withoutTrailingNulls = seats => seats.slice(0, seats.findLastIndex(seat => seat !== null) + 1);

/**
 * Return the layout in another kind, from its first page and without pins beyond its panes.
 * @param {Layout} layout
 * @param {LayoutPlan} plan
 * @returns {Layout}
 */
export const withKind = (layout, {kind, most}) => ({...layout, kind, page: 0, seats: withoutTrailingNulls(layout.seats.slice(0, most))});

/**
 * Return the layout with a seat pinned to a pane, and to no other; null frees the pane.
 * @param {Layout} layout
 * @param {number} pane
 * @param {string | null} seat
 * @returns {Layout}
 */
export function withPin(layout, pane, seat) {
  const seats = Array.from({length: Math.max(layout.seats.length, pane + 1)}, (_, number) => layout.seats[number] ?? null);
  const free = seats.map(one => (one === seat ? null : one));
  free[pane] = seat;
  return {...layout, seats: withoutTrailingNulls(free)};
}

/**
 * Return the layout without focus and pins of seats that no longer exist.
 * @param {Layout} layout
 * @param {Seat[]} seats
 * @returns {Layout}
 */
export function withoutUnknownSeats(layout, seats) {
  const ids = new Set(seats.map(({seat}) => seat));
  const kept = layout.seats.map(seat => (seat !== null && ids.has(seat) ? seat : null));
  return {...layout, focus: layout.focus !== null && ids.has(layout.focus) ? layout.focus : null, seats: withoutTrailingNulls(kept)};
}

/** Return the seats that can have a pane: those of points, absent ones too. @param {Seat[]} seats */
export const pinnable = seats => seats.filter(({role}) => role !== 'observer');

/**
 * Return how many panes a growing layout needs for present seats and for its pins.
 * @param {Seat[]} seats
 * @param {Layout} layout
 */
export const panesWanted = (seats, {seats: pins}) => Math.max(1, pins.length, pinnable(seats).filter(({here}) => here).length);

/** Return whether two layouts are equal. @type {(a: Layout, b: Layout) => boolean} */
export const isSameLayout = (a, b) => JSON.stringify(layoutFields(a)) === JSON.stringify(layoutFields(b));

/**
 * Return the panes of a plan as rectangles in a picture of 160 × 90, with a gap between them.
 * @param {LayoutPlan} plan
 */
export function paneRectangles({columns, rows, cells}) {
  const [w, h] = [160 / columns, 90 / rows];
  return cells.map(({x, y, width, height, role}) => ({x: x * w + 0.5, y: y * h + 0.5, width: width * w - 1, height: height * h - 1, role}));
}
