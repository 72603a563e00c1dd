/* Nobody is signed in: the report form does not open without a connection any more, and what it knew
   of the last account is gone. Reports that wait stay; they show to their account only. */
(() => {
  'use strict';
  try {
    localStorage.removeItem('portal-report-form');
  } catch {
    // the browser keeps nothing
  }
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.getRegistrations()
    .then((all) => all.forEach((one) => one.scope.endsWith('/matters/report') && one.unregister()))
    .catch(() => {});
  caches.keys()
    .then((names) => names.forEach((name) => name.startsWith('portal-report-') && caches.delete(name)))
    .catch(() => {});
})();
