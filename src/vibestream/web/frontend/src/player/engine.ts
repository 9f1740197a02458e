// Sound: one <audio>, fed by hls.js where the browser has Media Source Extensions, natively elsewhere. hls.js is asked
// first: Chromium answers canPlayType("…mpegurl") with "maybe" and would play natively, past our recovery and buffers.
import type HlsType from "hls.js";
import type { Playback } from "./playback";

export interface EngineEvents {
  /** Playing, paused, waiting, position or loudness changed. */
  changed(): void;
  ended(): void;
  failed(message: "gone" | "network" | "media"): void;
}

// A 320 kbit/s or FLAC buffer of hls.js's default size overruns Chromium's quota; these never did (research/music.md, 3).
const BUFFERS = { maxBufferLength: 20, maxMaxBufferLength: 40, maxBufferSize: 8e6, backBufferLength: 20 };
const MOST_REFRESHES = 3;
const REFRESHES_WITHIN_MS = 60_000;
const EXPIRED = new Set([401, 403, 410]);

/** Plays one track at a time. */
export class Engine {
  readonly audio: HTMLAudioElement;
  private hls: HlsType | undefined;
  private trackId = "";
  private lossless = false;
  private grant: () => Promise<Playback> = () => Promise.reject(new Error("nothing is loaded"));
  private gain = 1;
  private level = 1;
  private generation = 0;
  private refreshes: number[] = [];
  private mediaRecoveries = 0;
  hasLossless = false;

  constructor(
    audio: HTMLAudioElement,
    private readonly events: EngineEvents,
  ) {
    this.audio = audio;
    for (const name of ["play", "playing", "pause", "timeupdate", "waiting", "seeked", "volumechange", "durationchange"]) {
      audio.addEventListener(name, () => events.changed());
    }
    audio.addEventListener("ended", () => events.ended());
    audio.addEventListener("error", () => this.nativeError());
  }

  get positionMs(): number {
    return this.audio.currentTime * 1000;
  }

  get playing(): boolean {
    return !this.audio.paused && !this.audio.ended;
  }

  /** Whether it means to play but has nothing to play yet. */
  get waiting(): boolean {
    return this.playing && this.audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  get loaded(): string {
    return this.trackId;
  }

  /** The listener's loudness, 0 to 1; the song's own gain is applied on top. */
  setVolume(level: number, muted: boolean): void {
    this.level = level;
    this.audio.muted = muted;
    this.audio.volume = Math.min(1, Math.max(0, level * this.gain));
  }

  /**
   * Load a track at a position; a later call wins. `grant` gets its addresses, now and whenever they have run out.
   * Rejects with the server's Problem.
   */
  async load(trackId: string, positionMs: number, lossless: boolean, grant: () => Promise<Playback>): Promise<void> {
    const generation = (this.generation += 1);
    this.trackId = trackId;
    this.lossless = lossless;
    this.grant = grant;
    this.mediaRecoveries = 0;
    const playback = await grant();
    if (generation !== this.generation) return;
    const found = (family: string) => playback.masters.find((master) => master.family === family)?.url;
    this.hasLossless = found("lossless") !== undefined;
    // An element's volume ends at 1: loud songs are turned down to the common loudness, quiet ones stay as they are.
    this.gain = Math.min(1, 10 ** (playback.gain_db / 20));
    this.setVolume(this.level, this.audio.muted);
    const url = (lossless ? found("lossless") : undefined) ?? found("lossy") ?? found("lossless");
    if (url) await this.attach(url, positionMs / 1000, generation);
  }

  /** Load the same track in the other quality, where it is. */
  async reload(lossless: boolean): Promise<void> {
    await this.load(this.trackId, this.positionMs, lossless, this.grant);
  }

  /** Start or go on; false where the browser wants a gesture first. */
  async play(): Promise<boolean> {
    try {
      await this.audio.play();
      return true;
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      if (name === "NotAllowedError" || name === "AbortError") return false;
      throw error;
    }
  }

  pause(): void {
    this.audio.pause();
  }

  seek(ms: number): void {
    this.audio.currentTime = Math.max(0, ms / 1000);
  }

  /** Forget the track: nothing is loaded afterwards. */
  unload(): void {
    this.generation += 1;
    this.trackId = "";
    this.hls?.destroy();
    this.hls = undefined;
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  private async attach(url: string, startS: number, generation: number): Promise<void> {
    const { default: Hls } = await import("hls.js/light");
    if (generation !== this.generation) return;
    this.hls?.destroy();
    this.hls = undefined;
    if (!Hls.isSupported()) {
      this.audio.src = url;
      this.audio.currentTime = startS;
      return;
    }
    // enableWorker: fMP4 needs no transmuxing, and a blob worker would need a wider policy. startPosition: a song that is
    // still being packaged is an EVENT playlist, which would otherwise start at its end.
    const hls = new Hls({ ...BUFFERS, enableWorker: false, startPosition: startS, lowLatencyMode: false });
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (EXPIRED.has(data.response?.code ?? 0)) void this.refresh();
      else if (data.fatal && data.type === Hls.ErrorTypes.MEDIA_ERROR) this.recoverMedia(hls);
      else if (data.fatal) this.recoverNetwork(hls);
    });
    hls.loadSource(url);
    hls.attachMedia(this.audio);
    this.hls = hls;
  }

  /** The signature ran out, or the track was taken down: ask for fresh addresses and go on where it stopped. */
  private async refresh(): Promise<void> {
    const now = Date.now();
    this.refreshes = this.refreshes.filter((at) => now - at < REFRESHES_WITHIN_MS);
    this.hls?.stopLoad();
    if (this.refreshes.length >= MOST_REFRESHES) {
      this.events.failed("gone");
      return;
    }
    this.refreshes.push(now);
    const resume = this.playing;
    try {
      await this.load(this.trackId, this.positionMs, this.lossless, this.grant);
      if (resume) await this.play();
    } catch {
      this.events.failed("gone");
    }
  }

  private recoverMedia(hls: HlsType): void {
    this.mediaRecoveries += 1;
    if (this.mediaRecoveries > 2) this.events.failed("media");
    else hls.recoverMediaError();
  }

  /** hls.js has given up after its own retries: wait for the network, then go on. */
  private recoverNetwork(hls: HlsType): void {
    this.events.failed("network");
    window.addEventListener("online", () => hls.startLoad(), { once: true });
  }

  private nativeError(): void {
    if (this.hls || !this.audio.getAttribute("src")) return;
    if (this.audio.error?.code === MediaError.MEDIA_ERR_NETWORK) void this.refresh();
    else this.events.failed("media");
  }
}
