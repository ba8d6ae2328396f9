// Contrast of two colours (WCAG 2.2, 1.4.3). Pure functions, for the page of the design and its test.

/** Return the relative luminance of a colour. @param {string} hex `#rrggbb` */
function luminance(hex) {
  const linear = [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16) / 255).map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** Return the contrast of two colours, from 1 to 21. @param {string} one @param {string} other */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * Return the values of colour tokens.
 * @param {Pick<CSSStyleDeclaration, 'getPropertyValue'>} style
 * @param {string[]} names
 * @returns {Record<string, string>}
 */
export const namedColours = (style, names) => Object.fromEntries(names.map(name => [name, style.getPropertyValue(`--${name}`).trim()]));
