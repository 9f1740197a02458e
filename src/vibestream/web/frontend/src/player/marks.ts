// What the page beside the player shows of it: which row is on, and which buttons would pause.
import { setIcon } from "../icons";
import { t } from "../text";

export interface PlayerState {
  trackId: string;
  source: string;
  playing: boolean;
  positionMs: number;
  durationMs: number;
}

/** Show on the page which track is on, and turn its play buttons into pause buttons. */
export function markPage({ trackId, source, playing }: PlayerState): void {
  for (const holder of document.querySelectorAll<HTMLElement>("main [data-queue]")) {
    const here = holder.dataset["queueSource"] === source;
    for (const row of holder.querySelectorAll<HTMLElement>("[data-track]")) {
      const on = row.dataset["track"] === trackId;
      if (on) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      const button = row.querySelector<HTMLElement>("[data-play]");
      if (button) dress(button, on && playing);
    }
    for (const button of holder.querySelectorAll<HTMLElement>('[data-play="any"]')) dress(button, here && playing);
  }
}

function dress(button: HTMLElement, playing: boolean): void {
  if (button.dataset["playing"] === String(playing)) return;
  button.dataset["playing"] = String(playing);
  setIcon(button, playing ? "pause" : "play");
  const word = button.querySelector("[data-part=word]");
  if (word) word.textContent = playing ? t("Pause") : t("Play");
  const title = button.dataset["title"];
  if (title) button.setAttribute("aria-label", playing ? t("Pause {title}", { title }) : t("Play {title}", { title }));
}
