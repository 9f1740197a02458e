// Keeps one page for when nothing can be reached, with what it needs to be seen. Every other request is left alone: what
// is stale must not be shown as if it were true. And it shows what is pushed to this browser while no page is open.

import { bytes, reportOf, same } from "./push-report";

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

self.addEventListener("pushsubscriptionchange", (event) => {
  const changed = event as ExtendableEvent & Change;
  changed.waitUntil(again(changed));
});

/** What browsers say when a subscription ended that we did not end; some leave one part out, some both. */
interface Change {
  readonly oldSubscription?: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
}

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

/** Be told in this browser again: subscribe anew unless the browser has, and report it in the place of the one that ended. */
async function again({ oldSubscription, newSubscription }: Change): Promise<void> {
  const answer = await fetch("/api/v1/push-sender", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the sender's key: ${answer.status}`); // the browser may ask again; a page can, too
  const { sender } = (await answer.json()) as { sender: string };
  const applicationServerKey = bytes(sender);
  const given = newSubscription && same(newSubscription.options.applicationServerKey, applicationServerKey);
  const { pushManager } = self.registration;
  const made = given ? newSubscription : await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const report = { ...reportOf(made, sender), former: oldSubscription?.endpoint ?? null };
  const told = await fetch("/api/v1/me/push-subscriptions", {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(report),
    credentials: "same-origin",
  });
  // Whoever is not signed in here any more is not told here.
  if (told.status === 401) await made.unsubscribe();
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
