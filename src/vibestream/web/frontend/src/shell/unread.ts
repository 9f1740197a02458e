// How many notifications are unread, in the navigation of every page. Asked once for a document, then told by the stream;
// the list itself says it anew whenever it is shown.
import { call } from "../api";

/** Keep the count in the navigation right for as long as the document lives; nothing while nobody is signed in. */
export function startUnread(): void {
  if (document.documentElement.dataset["user"] === undefined) return;
  document.addEventListener("vs:notification.told", (event) => {
    const told = (event as CustomEvent<{ unread?: number } | null>).detail;
    if (told?.unread !== undefined) show(told.unread);
  });
  for (const kind of ["vs:reconnected", "vs:resync"]) document.addEventListener(kind, () => void ask());
  document.addEventListener("htmx:after:swap", showListed);
  void ask().then(showListed);
}

async function ask(): Promise<void> {
  try {
    show((await call<{ unread: number }>("GET", "/api/v1/me/notifications/unread")).unread);
  } catch {
    // The count is a hint; the next announcement brings it.
  }
}

function showListed(): void {
  const listed = document.querySelector<HTMLElement>("[data-unread-now]")?.dataset["unreadNow"];
  if (listed !== undefined) show(Number(listed));
}

function show(count: number): void {
  for (const chip of document.querySelectorAll<HTMLElement>("[data-unread]")) {
    chip.hidden = count === 0;
    chip.textContent = count > 99 ? "99+" : String(count);
  }
}
