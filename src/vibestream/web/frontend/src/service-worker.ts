// Keeps one page for when nothing can be reached, with what it needs to be seen. Every other request is left alone: what
// is stale must not be shown as if it were true. And it shows what is pushed to this browser while no page is open.

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

self.addEventListener("push", (event) => {
  event.waitUntil(show(event.data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data ?? "/notifications")));
});

interface Message {
  readonly title: string;
  readonly body: string;
  readonly path: string;
  readonly tag: string;
  readonly lang: string;
}

/** Show what came; a browser shows something of its own, and after a few times nothing at all, when a worker shows nothing. */
async function show(data: PushMessageData | null): Promise<void> {
  let message: Message | undefined;
  try {
    message = data?.json() as Message | undefined;
  } catch {
    message = undefined; // not of us: below it is said that there is something to look at
  }
  const { title, body, path, tag, lang } = message ?? { title: "VibeStream", body: "", path: "/notifications", tag: "", lang: "" };
  await self.registration.showNotification(title, { body, tag, lang, data: path });
}

/** Bring the page that it leads to before its reader: a page of ours that is open already, or a new one. */
async function open(path: string): Promise<void> {
  const place = new URL(path, self.location.origin);
  const ours = place.origin === self.location.origin ? place.href : "/notifications";
  const [page] = await self.clients.matchAll({ type: "window" });
  const led = await page?.navigate(ours).catch(() => null);
  await (led ? led.focus() : self.clients.openWindow(ours));
}

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
