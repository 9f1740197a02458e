// One event stream per browser. A stream holds a connection for good, and a browser has six to one origin over HTTP/1.1:
// so the tab that holds the lock listens, and tells the others. When it closes, the lock passes to another tab.

interface Announcement {
  kind: string;
  data: unknown;
}

const CHANNEL = "vs-events";
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/** Receive announcements as `vs:<kind>` events of the document; nothing is opened while nobody is signed in. */
export function startEvents(): void {
  if (document.documentElement.dataset["user"] === undefined) return;
  const channel = new BroadcastChannel(`${CHANNEL}:${document.documentElement.dataset["user"]}`);
  channel.addEventListener("message", (event: MessageEvent<Announcement>) => announce(event.data));
  const lead = () =>
    listen((announcement) => {
      announce(announcement);
      channel.postMessage(announcement);
    });
  if (navigator.locks) void navigator.locks.request(channel.name, () => new Promise(() => lead()));
  else lead();
}

function announce({ kind, data }: Announcement): void {
  document.dispatchEvent(new CustomEvent(`vs:${kind}`, { detail: data }));
}

function listen(pass: (announcement: Announcement) => void, retryMs = FIRST_RETRY_MS): void {
  const source = new EventSource("/events");
  let opened = false;
  source.addEventListener("open", () => {
    if (!opened && retryMs > FIRST_RETRY_MS) pass({ kind: "reconnected", data: null });
    opened = true;
  });
  source.addEventListener("message", (event: MessageEvent<string>) => pass(JSON.parse(event.data) as Announcement));
  source.addEventListener("error", () => {
    // The browser reconnects by itself after a dropped connection, but gives up for good after a refusal.
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    const next = opened ? FIRST_RETRY_MS * 2 : Math.min(retryMs * 2, LAST_RETRY_MS);
    setTimeout(() => listen(pass, next), retryMs);
  });
}
