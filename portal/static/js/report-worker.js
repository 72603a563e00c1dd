/* Opens the report form where there is no connection: an empty shell, the same for everybody. Of the
   portal's pages nothing else is kept and nothing else is answered. KEPT is put in front by the portal
   (views/public/offline.py). */
/* global KEPT */
'use strict';

const PREFIX = 'portal-report-';
const NAME = `${PREFIX}${KEPT.version}`;
const FORM = '/matters/report';
const address = (url) => url.pathname + url.search;

self.addEventListener('install', (event) => {
  const keep = async () => {
    const cache = await caches.open(NAME);
    await cache.addAll([KEPT.shell, ...KEPT.files]);
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});

self.addEventListener('activate', (event) => {
  const tidy = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

const kept = async (what) => (await caches.open(NAME)).match(what);

const form = async (request) => {
  try {
    return await fetch(request);
  } catch (error) {
    const shell = await kept(KEPT.shell);
    if (shell) return shell;
    throw error;
  }
};

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (url.pathname === FORM) event.respondWith(form(request));
  } else if (KEPT.files.includes(address(url))) {
    event.respondWith(kept(address(url)).then((found) => found || fetch(request)));
  }
});
