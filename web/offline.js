// Page `offline.html`, which the service worker shows at the address of the page that could not be fetched: tries again
// by itself and opens that page. A plain script without imports: nothing else is there.
(function () {
  const EVERY_S = 5;
  const TRY_MS = 4_000;

  let theme = null;
  try {
    theme = localStorage.getItem('theme');
  } catch {
    // Storage may be forbidden; the system's theme applies.
  }
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';

  let [left, busy] = [EVERY_S, false];

  /** @param {string} text */
  const say = text => {
    const state = document.querySelector('[role=timer]');
    if (state) state.textContent = text;
  };

  /** Ask the server whether it is there; then open the page that was wanted. */
  async function tryAgain() {
    if (busy) return;
    busy = true;
    say('Đang thử kết nối…');
    try {
      const {ok} = await fetch('healthz', {cache: 'no-store', signal: AbortSignal.timeout(TRY_MS)});
      if (ok) return location.pathname.endsWith('/offline.html') ? location.replace('./') : location.reload();
    } catch {
      // Not yet.
    }
    [left, busy] = [EVERY_S, false];
  }

  function tick() {
    if (busy) return;
    if (left <= 0) return void tryAgain();
    say(`Tự thử lại sau ${left} giây`);
    left -= 1;
  }

  document.addEventListener('DOMContentLoaded', () => {
    document.querySelector('button')?.addEventListener('click', tryAgain);
    addEventListener('online', tryAgain);
    setInterval(tick, 1_000);
  });
})();
