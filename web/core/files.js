// Small files between a page and the server: what a body holds, and what a person keeps.

const LARGEST = 47_000; // what a body of 64 KiB holds in base64

/** A file in base64, or null when it is too large to be sent so. @param {Blob} file */
export async function base64(file) {
  if (file.size > LARGEST) return null;
  return btoa(Array.from(new Uint8Array(await file.arrayBuffer()), byte => String.fromCharCode(byte)).join(''));
}

/** Offer a person a file to keep. @param {Blob} blob @param {string} name */
export function keep(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
