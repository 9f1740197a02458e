// The system's own media controls: lock screen, headset buttons, the keyboard's media keys.
import type { Track } from "./track";

interface Controls {
  play(): void;
  pause(): void;
  next(): void;
  previous(): void;
  seek(ms: number): void;
  skip(ms: number): void;
}

const STEP_MS = 10_000;

/** Hand the system's buttons to the player. */
export function connect(controls: Controls): void {
  if (!("mediaSession" in navigator)) return;
  const step = (details: MediaSessionActionDetails) => (details.seekOffset ?? STEP_MS / 1000) * 1000;
  const handlers: [MediaSessionAction, MediaSessionActionHandler][] = [
    ["play", () => controls.play()],
    ["pause", () => controls.pause()],
    ["nexttrack", () => controls.next()],
    ["previoustrack", () => controls.previous()],
    ["seekto", (details) => controls.seek((details.seekTime ?? 0) * 1000)],
    ["seekforward", (details) => controls.skip(step(details))],
    ["seekbackward", (details) => controls.skip(-step(details))],
  ];
  for (const [action, handler] of handlers) {
    try {
      navigator.mediaSession.setActionHandler(action, handler);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // an action that this browser does not know
    }
  }
}

/** Tell the system what is on. */
export function show(track: Track): void {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.metadata = new MediaMetadata({
    title: track.title,
    artist: track.artist,
    album: track.release,
    artwork: [{ src: new URL(track.cover, location.href).href }],
  });
}

/** Tell the system where the song is. */
export function place(playing: boolean, positionMs: number, durationMs: number): void {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.playbackState = playing ? "playing" : "paused";
  if (durationMs > 0) {
    const position = Math.min(positionMs, durationMs) / 1000;
    navigator.mediaSession.setPositionState({ duration: durationMs / 1000, position, playbackRate: 1 });
  }
}
