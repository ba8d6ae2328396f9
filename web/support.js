// Every page loads this plain script first, before anything is painted: it sets the theme, a browser too old for modules
// or WebRTC says so instead of a blank page, and the others keep a page for when the server cannot be reached.
(function () {
  var root = document.documentElement;
  var dark = matchMedia('(prefers-color-scheme: dark)');
  // The theme that the page itself states (room, console), else the user's choice, else the system's.
  function setTheme() {
    var chosen = null;
    try {
      chosen = localStorage.getItem('theme');
    } catch (_) {
      // Storage may be forbidden; the system's theme applies.
    }
    root.setAttribute('data-theme', chosen === 'dark' || chosen === 'light' ? chosen : dark.matches ? 'dark' : 'light');
  }
  if (!root.hasAttribute('data-theme')) {
    setTheme();
    if ('addEventListener' in dark) dark.addEventListener('change', setTheme);
    addEventListener('storage', setTheme);
    addEventListener('theme', setTheme);
  }

  var able = 'RTCPeerConnection' in window && 'HTMLDialogElement' in window && 'noModule' in document.createElement('script') && 'at' in Array.prototype;
  if (able && 'serviceWorker' in navigator) {
    addEventListener('load', function () {
      navigator.serviceWorker.register('offline-worker.js').catch(function () {
        // Not over HTTP, nor with a certificate that the browser does not trust: then there is no offline page.
      });
    });
  }
  // Scripts of a page that was kept over an upgrade of the server, or fetched during it, are gone: the page is loaded
  // anew, once for each release.
  addEventListener('error', function (event) {
    var script = event.target;
    if (!(script instanceof HTMLScriptElement) || script.type !== 'module') return;
    try {
      if (sessionStorage.getItem('loaded-anew') === script.src) return;
      sessionStorage.setItem('loaded-anew', script.src);
    } catch (_) {
      return; // Storage may be forbidden; then nothing would end it.
    }
    location.reload();
  }, true);
  if (able) return;
  document.addEventListener('DOMContentLoaded', function () {
    var note = document.createElement('p');
    note.className = 'too-old';
    note.setAttribute('role', 'alert');
    note.textContent = 'Trình duyệt quá cũ. Hãy dùng Chrome hoặc Edge từ bản 120, Firefox từ bản 128, Safari từ bản 17. (This browser is too old.)';
    document.body.textContent = '';
    document.body.appendChild(note);
  });
})();
