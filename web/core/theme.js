// The theme that the user chose; support.js applies it before anything is painted. For top-bar.js.

/** `system` follows the device. */
export const THEMES = ['system', 'light', 'dark'];

/** Return what the user chose on this device. */
export function chosenTheme() {
  const kept = localStorage.getItem('theme') ?? '';
  return THEMES.includes(kept) ? kept : 'system';
}

/** Keep a choice on this device, and apply it. @param {string} theme */
export function chooseTheme(theme) {
  localStorage.setItem('theme', theme);
  dispatchEvent(new Event('theme'));
}
