// Service worker of all pages: shows `offline.html` while the server cannot be reached, and does nothing else. Pages
// always come from the network, so that none is ever stale; their files are the browser's to keep (decision 116).

/** The first half of the SHA-256 of FILES; `web/tests/offline-worker.test.js` says when another one is due. */
const VERSION = '96215045abcb44e6aad796441f43e461';
const PAGE = 'offline.html';
/** What only the offline page uses: it need not ask for it first. */
const OWN = [PAGE, 'offline.css', 'offline.js'];
const FONTS = ['latin-400', 'latin-700', 'vietnamese-400', 'vietnamese-700'].map(each => `fonts/be-vietnam-pro-${each}-normal.woff2`);
const FILES = [...OWN, ...FONTS, 'icon.svg'];
const KEPT = `offline-${VERSION}`;
const PAGES = /\/(?:[a-z-]+\.html)?$/;

const worker = /** @type {any} */ (self);
/** @type {Set<string>} */
const kept = new Set(FILES.map(each => new URL(each, location.href).pathname));
/** @type {Set<string>} */
const own = new Set(OWN.map(each => new URL(each, location.href).pathname));

/** Keep the files of this version, then take the place of an earlier worker at once. */
async function install() {
  const cache = await caches.open(KEPT);
  await cache.addAll(FILES.map(each => new Request(each, {cache: 'reload'})));
  await worker.skipWaiting();
}

/** Forget the files of earlier versions. */
async function activate() {
  const old = (await caches.keys()).filter(each => each.startsWith('offline-') && each !== KEPT);
  await Promise.all(old.map(each => caches.delete(each)));
}

/** @param {string} file */
const stored = async file => (await caches.match(file, {ignoreSearch: true})) ?? Response.error();

/** Answer from the network, else from what is kept. @param {Request} request @param {string} file */
async function fetched(request, file) {
  try {
    return await fetch(request);
  } catch {
    return stored(file);
  }
}

worker.addEventListener('install', (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(activate()));
worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const {pathname, origin} = new URL(event.request.url);
  if (origin !== location.origin || event.request.method !== 'GET') return;
  if (event.request.mode === 'navigate') {
    if (PAGES.test(pathname)) event.respondWith(fetched(event.request, PAGE));
  } else if (own.has(pathname)) event.respondWith(stored(pathname));
  else if (kept.has(pathname)) event.respondWith(fetched(event.request, pathname));
});
