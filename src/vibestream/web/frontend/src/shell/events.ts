// One event stream per browser. A stream holds a connection for good, and a browser has six to one origin over HTTP/1.1:
// so the tab that holds the lock listens, and tells the others. When it closes, the lock passes to another tab.
import { t } from "../text";
import { toast } from "./toast";

/** Every kind that is announced to an account; a stream names its events, so each is listened to by name. */
export const KINDS = ["upload.stored", "packaging.progress", "reward.paid", "payment.changed", "payout.changed", "payout.destination", "export.progress", "notification.told", "resync"] as const;

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
  if (kind === "session.ended") {
    const signIn = { label: t("Sign in"), run: () => location.assign("/sign-in") };
    toast(t("You were signed out."), "plain", signIn);
  }
  document.dispatchEvent(new CustomEvent(`vs:${kind}`, { detail: data }));
}

/** The id of the last announcement that had one: what came after it is told again on a stream that is opened anew. */
let heard = "";

/** Hold the stream open. After a gap it passes `reconnected`, since most of what was announced meanwhile is not told again. */
function listen(pass: (announcement: Announcement) => void, gap = false, retryMs = FIRST_RETRY_MS): void {
  const source = new EventSource(heard ? `/events?after=${heard}` : "/events");
  let wait = retryMs;
  let missed = gap;
  source.addEventListener("open", () => {
    if (missed) pass({ kind: "reconnected", data: null });
    missed = true;
    wait = FIRST_RETRY_MS;
  });
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      const { data, lastEventId } = event as MessageEvent<string>;
      heard = lastEventId || heard;
      pass({ kind, data: JSON.parse(data) });
    });
  }
  source.addEventListener("session.ended", () => {
    source.close();
    pass({ kind: "session.ended", data: null });
  });
  source.addEventListener("error", () => {
    // The browser reconnects by itself after a dropped connection, but gives up for good after a refusal.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => listen(pass, true, Math.min(wait * 2, LAST_RETRY_MS)), wait);
  });
}
