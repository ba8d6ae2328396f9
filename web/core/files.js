// Small files: read for a request body, and offered to the user to save. For the imports and exports of
// spreadsheets.

const MAX_BYTES = 47_000; // as much as a body of 64 KiB holds in base64

/** Return a file in base64, or null when it is too large for a request body. @param {Blob} file */
export async function toBase64(file) {
  if (file.size > MAX_BYTES) return null;
  return btoa(Array.from(new Uint8Array(await file.arrayBuffer()), byte => String.fromCharCode(byte)).join(''));
}

/** Offer the user a file to save. @param {Blob} blob @param {string} name */
export function saveAs(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
