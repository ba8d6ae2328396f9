// The icons of what a seat is doing (seatActivity), in the lists of the room and of the console.

/** The icon of each activity of a seat. @type {Record<string, string>} */
export const ACTIVITY_ICONS = {absent: 'cross', removed: 'leave', connecting: 'clock', reconnecting: 'undo', speaking: 'sound', open: 'mic', invited: 'mic-call', hand: 'hand', listening: 'mic-off'};
