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
const waiting = new Set<string>();
let timer = 0;
const states = new Map<string, string>();

/** Follow every announcement for as long as the document lives. */
export function startLiveRegions(): void {
  for (const kind of [...KINDS, "reconnected"]) {
    document.addEventListener(`vs:${kind}`, (event) => {
      const data = ((event as CustomEvent<unknown>).detail ?? {}) as Progress;
      if (kind === "packaging.progress" && !changesState(data)) return;
      for (const region of document.querySelectorAll<HTMLElement>("[data-live]")) {
        const follows = region.dataset["live"]?.split(" ") ?? [];
        if (region.id && (kind === "reconnected" || follows.includes(kind))) readAgain(region.id);
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

/** Read the page again, once for all regions that wait for it, and morph each in its place. */
export function readAgain(id: string): void {
  waiting.add(id);
  timer ||= window.setTimeout(() => {
    timer = 0;
    const [first, ...others] = outermost([...waiting]);
    waiting.clear();
    if (first === undefined) return;
    void htmx.ajax("GET", location.pathname + location.search, {
      source: `#${first}`,
      target: `#${first}`,
      select: `#${first}`,
      selectOOB: others.map((each) => `#${each}:outerMorph`).join(","),
      swap: "outerMorph ignoreTitle:true",
      push: "false",
    });
  }, PAUSE_MS);
}

/** Of these regions, those that are still there, hold nothing unsaved, and are not inside another of them. */
function outermost(ids: string[]): string[] {
  const found = ids.flatMap((id) => document.getElementById(id) ?? []).filter((region) => !holdsUnsaved(region));
  return found.filter((region) => !found.some((other) => other !== region && other.contains(region))).map(({ id }) => id);
}

function holdsUnsaved(region: HTMLElement): boolean {
  return region.matches("form[data-guard]") && region.querySelector("[data-part=unsaved]:not([hidden])") !== null;
}
