// Measures the line to the server, both ways, and its latency, for the device check and the test room.

const BASE = new URL('api/v1/speed', location.href);
const SPAN_MS = 1500;
const PROBES = 3;
const PARALLEL = 4; // several at a time, so that round trips do not limit the rate
const FILLER = JSON.stringify({filler: 'x'.repeat(60_000)});

/**
 * Send requests for a second and a half and return kbit/s, or null when one failed.
 * @param {() => Promise<number>} once bytes of one request
 */
async function measureRate(once) {
  const start = performance.now();
  let bytes = 0;
  const run = async () => {
    while (performance.now() - start < SPAN_MS) bytes += await once();
  };
  try {
    await Promise.all(Array.from({length: PARALLEL}, run));
  } catch {
    return null;
  }
  return Math.round((bytes * 8) / (performance.now() - start));
}

/** @param {Response} response */
function requireOk(response) {
  if (!response.ok) throw new Error(String(response.status));
  return response;
}

/** Measure the rate from the server, kbit/s; null after a failure. */
export const measureDownload = () => measureRate(async () => (await requireOk(await fetch(BASE, {cache: 'no-store'})).arrayBuffer()).byteLength);

/** Measure the rate to the server, kbit/s; null after a failure. */
export const measureUpload = () =>
  measureRate(async () => {
    requireOk(await fetch(BASE, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: FILLER}));
    return FILLER.length;
  });

/**
 * Return the shortest of three round trips to the server, or null when it is not reachable.
 * @returns {Promise<number | null>} milliseconds
 */
export async function measureLatency() {
  const times = [];
  try {
    for (let i = 0; i < PROBES; i += 1) {
      const start = performance.now();
      await fetch('icon.svg', {cache: 'no-store'});
      times.push(performance.now() - start);
    }
  } catch {
    return null;
  }
  return Math.round(Math.min(...times));
}
