// Keeps what a page shows in its address, so that a reload, a bookmark or a link shows the same. For all pages.

/** Set parameters of the address, without those that are empty; others stay. @param {Record<string, string>} fields */
export function keepInAddress(fields) {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(fields))
    if (value) params.set(name, value);
    else params.delete(name);
  history.replaceState(null, '', params.size ? `?${params}` : location.pathname);
}

/** Return the parameters of the address with these names. @param {readonly string[]} names @returns {Record<string, string>} */
export const keptInAddress = names => Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => names.includes(name)));

/**
 * Keep properties of an element in the address by the names of its parameters: they begin as the address has them, and
 * it follows their changes. Texts stay as they are, anything else becomes true where the address has it.
 * @param {any} element
 * @param {Record<string, string>} properties
 */
export function keepProperties(element, properties) {
  for (const [name, kept] of Object.entries(keptInAddress(Object.keys(properties)))) {
    const property = properties[name];
    element[property] = typeof element[property] === 'string' ? kept : true;
  }
  let known = '';
  element.addController({
    hostUpdate() {
      const fields = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, element[property] ? String(element[property]) : '']));
      if (JSON.stringify(fields) === known) return;
      known = JSON.stringify(fields);
      keepInAddress(fields);
    },
  });
}
