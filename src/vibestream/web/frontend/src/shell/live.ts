// Parts of a page that follow what happens on the server: `<div id=… data-live="packaging.progress …">` is read again,
// and morphed in place, when one of these kinds is announced. Progress moves its bar at once, without asking; only a
// change of state is worth reading the page again.
import htmx from "htmx.org";
import { KINDS } from "./events";

interface Progress {
  asset_id?: string;
  state?: string;
  percent?: number;
}

const PAUSE_MS = 500;
const waiting = new Map<string, number>();
const states = new Map<string, string>();

/** Follow every announcement for as long as the document lives. */
export function startLiveRegions(): void {
  for (const kind of [...KINDS, "reconnected"]) {
    document.addEventListener(`vs:${kind}`, (event) => {
      const data = ((event as CustomEvent<unknown>).detail ?? {}) as Progress;
      if (kind === "packaging.progress" && !changesState(data)) return;
      for (const region of document.querySelectorAll<HTMLElement>("[data-live]")) {
        const follows = region.dataset["live"]?.split(" ") ?? [];
        if (kind === "reconnected" || follows.includes(kind)) readAgain(region);
      }
    });
  }
}

/** Move the bar of what is being packaged, and say whether its state is another than before. */
function changesState({ asset_id: asset, state, percent }: Progress): boolean {
  if (asset === undefined || state === undefined) return true;
  for (const bar of document.querySelectorAll<HTMLProgressElement>(`progress[data-asset="${CSS.escape(asset)}"]`)) {
    bar.value = percent ?? bar.value;
  }
  const before = states.get(asset);
  states.set(asset, state);
  return before !== state;
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
