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
