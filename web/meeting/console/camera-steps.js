// The steps in which a room's camera is moved, and their keys. For camera-pad.js.

const PRESSES = new Set([' ', 'Enter']);

/** @typedef {{id: string, axis: CameraAxis, way: -1 | 1, picture: string, key: string}} Step */
/** @type {Step[]} */
export const STEPS = [
  {id: 'up', axis: 'tilt', way: 1, picture: 'up', key: 'ArrowUp'},
  {id: 'left', axis: 'pan', way: -1, picture: 'left', key: 'ArrowLeft'},
  {id: 'right', axis: 'pan', way: 1, picture: 'right', key: 'ArrowRight'},
  {id: 'down', axis: 'tilt', way: -1, picture: 'down', key: 'ArrowDown'},
  {id: 'out', axis: 'zoom', way: -1, picture: 'minus', key: '-'},
  {id: 'in', axis: 'zoom', way: 1, picture: 'plus', key: '+'},
];

/** Return the step that a key begins: on a focused button its own, else that of the arrow. @param {string} key @param {string} [focused] */
export const stepOf = (key, focused) => STEPS.find(step => (PRESSES.has(key) ? step.id === focused : step.key === key));
