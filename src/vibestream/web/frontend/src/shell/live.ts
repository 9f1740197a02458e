// Parts of a page that follow what happens on the server: `<div id=… data-live="packaging.progress …">` is read again,
// and morphed in place, when one of these kinds is announced. A numeric `percent` in the announcement moves the matching
// bar at once, without asking.
import htmx from "htmx.org";
import { KINDS } from "./events";

const PAUSE_MS = 700;
const waiting = new Map<string, number>();

/** Follow every announcement for as long as the document lives. */
export function startLiveRegions(): void {
  for (const kind of [...KINDS, "reconnected"]) {
    document.addEventListener(`vs:${kind}`, (event) => {
      moveBar((event as CustomEvent<unknown>).detail);
      for (const region of document.querySelectorAll<HTMLElement>("[data-live]")) {
        const follows = region.dataset["live"]?.split(" ") ?? [];
        if (kind === "reconnected" || follows.includes(kind)) readAgain(region);
      }
    });
  }
}

function moveBar(data: unknown): void {
  const { asset_id: asset, percent } = (data ?? {}) as { asset_id?: string; percent?: number };
  if (asset === undefined || percent === undefined) return;
  const bar = document.querySelector<HTMLProgressElement>(`progress[data-asset="${CSS.escape(asset)}"]`);
  if (bar) bar.value = percent;
}

function readAgain(region: HTMLElement): void {
  const id = region.id;
  if (!id || waiting.has(id)) return;
  waiting.set(
    id,
    window.setTimeout(() => {
      waiting.delete(id);
      if (!document.getElementById(id)) return;
      void htmx.ajax("GET", location.pathname + location.search, {
        target: `#${id}`,
        select: `#${id}`,
        swap: "outerMorph ignoreTitle:true",
        push: "false",
      });
    }, PAUSE_MS),
  );
}
