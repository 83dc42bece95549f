// Everything on the page is there without this. It puts times in the reader's zone and keeps the page
// current: the server is asked again while somebody looks, and says 304 while nothing has changed.
(function () {
  'use strict';
  var every_ms = 10000;
  var busy = false;

  var months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  function two(number) {
    return (number < 10 ? '0' : '') + number;
  }

  // As the server writes them.
  function spoken(at) {
    var time = two(at.getHours()) + ':' + two(at.getMinutes());
    if (document.documentElement.lang === 'en') return at.getDate() + ' ' + months[at.getMonth()] + ' ' + time;
    return at.getMonth() + 1 + '月' + at.getDate() + '日 ' + time;
  }

  function localTimes() {
    var times = document.querySelectorAll('time[datetime]');
    for (var i = 0; i < times.length; i++) {
      var at = new Date(times[i].getAttribute('datetime'));
      if (!isNaN(at)) times[i].textContent = spoken(at);
    }
  }

  function refresh() {
    if (busy || document.hidden) return;
    busy = true;
    fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'omit', cache: 'no-cache' })
      .then(function (answer) {
        return answer.ok ? answer.text() : '';
      })
      .then(function (html) {
        var fresh = html && new DOMParser().parseFromString(html, 'text/html').getElementById('track');
        var here = document.getElementById('track');
        if (fresh && here) {
          here.replaceWith(document.importNode(fresh, true));
          localTimes();
        }
      })
      .catch(function () {})
      .then(function () {
        busy = false;
      });
  }

  localTimes();
  if (!window.fetch || !window.DOMParser) return;
  setInterval(refresh, every_ms);
  document.addEventListener('visibilitychange', refresh);
})();
