// How fast the line to the server is, measured with requests of its own: both ways, a second and a half each; and how far away it is.

const BASE = new URL('../../api/v1/speed', import.meta.url);
const SPAN_MS = 1500;
const PROBES = 3;
const PARALLEL = 4; // several at a time, so that the way there and back is not waited for
const FILLER = JSON.stringify({filler: 'x'.repeat(60_000)});

/** Send requests until the time is over; kilobits per second, or null when one failed. @param {() => Promise<number>} once bytes of one request */
async function rate(once) {
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
function good(response) {
  if (!response.ok) throw new Error(String(response.status));
  return response;
}

export const down = () => rate(async () => (await good(await fetch(BASE, {cache: 'no-store'})).arrayBuffer()).byteLength);

export const up = () =>
  rate(async () => {
    good(await fetch(BASE, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: FILLER}));
    return FILLER.length;
  });

/** The network as seen by three small requests: reachable, and how far away. @returns {Promise<number | null>} milliseconds */
export async function distance() {
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
