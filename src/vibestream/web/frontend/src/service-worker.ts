// Keeps one page for when nothing can be reached, with what it needs to be seen. Every other request is left alone: what
// is stale must not be shown as if it were true.

declare const self: ServiceWorkerGlobalScope;

const KEPT = "vs-offline-1";
const PAGE = "/offline";

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate" && request.method === "GET") event.respondWith(fetch(request).catch(keptPage));
  else if (new URL(request.url).pathname.startsWith("/static/")) event.respondWith(fetch(request).catch(() => kept(request)));
});

/** Keep the page, as somebody who is not signed in sees it, and every file of the bundle that it names. */
async function keep(): Promise<void> {
  const cache = await caches.open(KEPT);
  const page = await fetch(PAGE, { credentials: "omit", headers: { Accept: "text/html" } });
  const files = (await page.clone().text()).match(/\/static\/dist\/[\w.-]+/g) ?? [];
  await cache.put(PAGE, page);
  await cache.addAll([...new Set(files)]);
}

async function keptPage(): Promise<Response> {
  return (await caches.match(PAGE)) ?? Response.error();
}

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? Response.error();
}

export {};
