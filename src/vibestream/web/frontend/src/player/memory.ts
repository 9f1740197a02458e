// What the player remembers across reloads and visits: the queue and the place in it, volume and quality. Kept per account,
// so that the next person at the same browser does not find somebody else's music.
import { EMPTY, type QueueState } from "./queue";

export interface Memory {
  queue: QueueState;
  positionMs: number;
  /** When it was still playing as the page went away: that moment, else 0. */
  playingAt: number;
  volume: number;
  muted: boolean;
  lossless: boolean;
}

const FRESH: Memory = { queue: EMPTY, positionMs: 0, playingAt: 0, volume: 1, muted: false, lossless: false };
const key = `vs-player:${document.documentElement.dataset["user"] ?? ""}`;

/** What was remembered, or a fresh start when there is nothing or it cannot be read. */
export function recall(): Memory {
  try {
    return { ...FRESH, ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Memory>) };
  } catch {
    return FRESH;
  }
}

/** Remember; a full or forbidden storage costs the memory, not the music. */
export function remember(memory: Memory): void {
  try {
    localStorage.setItem(key, JSON.stringify(memory));
  } catch {
    localStorage.removeItem(key);
  }
}
