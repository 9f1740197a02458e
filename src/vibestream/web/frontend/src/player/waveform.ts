// <vs-waveform>: the song's loudness over time, as bars that fill while it plays. The bars are the server's SVG; this makes
// them a slider for the track that is on, and follows the player to another track of the same list.
import { spoken, t } from "../text";
import type { PlayerState } from "./marks";

const STEP_MS = 5_000;
const PAGE_STEP_MS = 30_000;

class Waveform extends HTMLElement {
  private durationMs = 0;
  private positionMs = 0;

  connectedCallback(): void {
    this.durationMs = Number(this.dataset["duration"] ?? 0);
    this.setAttribute("role", "slider");
    this.setAttribute("aria-valuemin", "0");
    this.tabIndex = 0;
    this.addEventListener("click", this.pressed);
    this.addEventListener("keydown", this.key);
    document.addEventListener("vs:player", this.follow);
    this.show(0);
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.pressed);
    this.removeEventListener("keydown", this.key);
    document.removeEventListener("vs:player", this.follow);
  }

  private readonly follow = (event: Event): void => {
    const state = (event as CustomEvent<PlayerState>).detail;
    const row = this.rowOf(state.trackId);
    if (row && state.trackId !== this.dataset["for"]) this.become(row, state.trackId);
    if (state.trackId !== this.dataset["for"]) return;
    this.durationMs = state.durationMs;
    this.show(state.positionMs);
  };

  /** Show another track's bars. */
  private become(row: HTMLElement, trackId: string): void {
    this.dataset["for"] = trackId;
    this.dataset["index"] = row.dataset["index"] ?? "0";
    this.dataset["title"] = row.dataset["title"] ?? "";
    const wave = row.dataset["wave"];
    if (wave) for (const path of this.querySelectorAll("path")) path.setAttribute("d", outline(wave));
  }

  private rowOf(trackId: string): HTMLElement | null {
    const list = this.closest("[data-queue]");
    return list?.querySelector<HTMLElement>(`[data-track="${CSS.escape(trackId)}"]`) ?? null;
  }

  private readonly pressed = (event: MouseEvent): void => {
    const box = this.getBoundingClientRect();
    this.ask(((event.clientX - box.left) / box.width) * this.durationMs);
  };

  private readonly key = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = {
      ArrowRight: this.positionMs + STEP_MS,
      ArrowUp: this.positionMs + STEP_MS,
      ArrowLeft: this.positionMs - STEP_MS,
      ArrowDown: this.positionMs - STEP_MS,
      PageUp: this.positionMs + PAGE_STEP_MS,
      PageDown: this.positionMs - PAGE_STEP_MS,
      Home: 0,
      End: this.durationMs - 1_000,
    };
    const wanted = moves[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    this.ask(wanted);
  };

  private ask(ms: number): void {
    const detail = {
      trackId: this.dataset["for"] ?? "",
      index: Number(this.dataset["index"] ?? 0),
      ms: Math.min(Math.max(0, ms), this.durationMs),
      list: this.closest<HTMLElement>("[data-queue]"),
    };
    document.dispatchEvent(new CustomEvent("vs:seek", { detail }));
  }

  private show(ms: number): void {
    this.positionMs = ms;
    this.style.setProperty("--played", `${this.durationMs > 0 ? Math.min(1, ms / this.durationMs) * 100 : 0}%`);
    this.setAttribute("aria-label", t("Position in {title}", { title: this.dataset["title"] ?? "" }));
    this.setAttribute("aria-valuemax", String(Math.round(this.durationMs / 1000)));
    this.setAttribute("aria-valuenow", String(Math.round(ms / 1000)));
    const values = { position: spoken(ms), length: spoken(this.durationMs) };
    this.setAttribute("aria-valuetext", t("{position} of {length}", values));
  }
}

/** The bars' outline from two hexadecimal digits a bar, as `web/waveforms.py` draws it. */
function outline(wave: string): string {
  let path = "";
  for (let bar = 0; bar * 2 < wave.length; bar += 1) {
    const height = Math.max(2, Math.round((parseInt(wave.slice(bar * 2, bar * 2 + 2), 16) / 255) * 60));
    path += `M${bar * 9} ${(64 - height) / 2}h6v${height}h-6z`;
  }
  return path;
}

/** Register the element. */
export function defineWaveform(): void {
  customElements.define("vs-waveform", Waveform);
}
