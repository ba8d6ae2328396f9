// Plain script of display.html: loads the page again until it has started, as after a power cut, when the screen is on
// before the network.
(function () {
  var WAIT_MS = 30000;
  setInterval(function () {
    if (!customElements.get('room-display')) location.reload();
  }, WAIT_MS);
})();
