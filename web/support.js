// Every page loads this plain script first: a browser too old for modules or WebRTC says so instead of a blank page.
(function () {
  var able = 'RTCPeerConnection' in window && 'HTMLDialogElement' in window && 'noModule' in document.createElement('script') && 'at' in Array.prototype;
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
