// Following money that is under way. A region that says `data-again="3"` is read again every three seconds for as long as
// it says so: an announcement can be lost, and what comes after a payment (the wallet, the subscription) announces none.
// A link that says `data-leaves` leads to the gateway's page as soon as there is one, once per payment: whoever comes
// back by the Back button is not sent away again.
import { readAgain } from "../shell/live";

const TICK_MS = 1_000;
const LEFT = "vs-left:";

/** Look after what waits, for as long as the document lives. */
export function startFollowing(): void {
  let ticks = 0;
  setInterval(() => {
    ticks += 1;
    if (document.hidden) return;
    for (const region of document.querySelectorAll<HTMLElement>("[data-again]")) {
      const every = Number(region.dataset["again"]);
      if (region.id && every > 0 && ticks % every === 0) readAgain(region.id);
    }
  }, TICK_MS);
  document.addEventListener("htmx:after:swap", leave);
  leave();
}

function leave(): void {
  const link = document.querySelector<HTMLAnchorElement>("a[data-leaves]");
  const payment = link?.dataset["leaves"];
  if (!link || !payment || sessionStorage.getItem(LEFT + payment) !== null) return;
  if (!/^https?:$/.test(new URL(link.href).protocol)) return;
  sessionStorage.setItem(LEFT + payment, "1");
  location.assign(link.href);
}
