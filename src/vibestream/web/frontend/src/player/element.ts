// <vs-player>: the bar, the sheet with the queue, and everything that can be asked of them. It stands beside <main>, so it
// plays on while pages come and go. The markup is the server's; this finds its parts by `data-part` and brings it to life.
import { Problem } from "../api";
import { setIcon } from "../icons";
import { toast } from "../shell/toast";
import { clock, spoken, t } from "../text";
import { Engine } from "./engine";
import type { Surface } from "./listen";
import { Listening } from "./listening";
import { markPage, type PlayerState } from "./marks";
import * as session from "./media_session";
import { recall, remember, type Memory } from "./memory";
import { begin, current, cycleRepeat, next, previous, setShuffle, upcoming, type QueueState } from "./queue";
import { claimSound, onOtherTab } from "./tabs";
import { tracksOf, type Track } from "./track";

const SKIP_MS = 10_000;
const RESTART_AFTER_MS = 3_000;
const REMEMBER_EVERY_MS = 5_000;
const RESUMES_WITHIN_MS = 20_000;
const LOUDER = 0.05;

interface SeekAsked {
  trackId: string;
  index: number;
  ms: number;
  list: HTMLElement | null;
}

class Player extends HTMLElement {
  private engine!: Engine;
  private listening!: Listening;
  private memory: Memory = recall();
  private loading = false;
  private scrubbing = false;
  private rememberedAt = 0;
  private shown = "";
  /** What the song that is on was started from. */
  private surface: Surface = "queue";

  connectedCallback(): void {
    const audio = this.querySelector("audio");
    if (!audio || this.engine) return;
    this.engine = new Engine(audio, {
      changed: () => this.render(),
      ended: () => this.ended(),
      failed: (what) => this.failed(what),
    });
    this.listening = new Listening(this.engine, (earned) => this.showEarned(earned));
    this.engine.setVolume(this.memory.volume, this.memory.muted);
    this.listen();
    if (current(this.memory.queue)) this.restore();
  }

  /** Play a queue from one of its tracks; asked again for what is on, it pauses or goes on. */
  playFrom(holder: HTMLElement, tracks: Track[], index: number, positionMs = 0): void {
    const wanted = tracks[index];
    if (!wanted) return;
    const { queueSource: source = "", surface } = holder.dataset;
    this.surface = surface === "release" || surface === "song" ? surface : "queue";
    this.queue = begin(this.queue, source, tracks, index);
    void this.start(positionMs);
  }

  toggle(): void {
    if (this.engine.playing) this.engine.pause();
    else if (this.engine.loaded && this.engine.loaded === this.track?.id) void this.resume();
    else void this.start(this.memory.positionMs);
  }

  seek(ms: number): void {
    this.listening.note("seeking");
    if (this.engine.loaded) this.engine.seek(ms);
    this.memory.positionMs = ms;
    this.render();
  }

  get track(): Track | undefined {
    return current(this.queue);
  }

  private get queue(): QueueState {
    return this.memory.queue;
  }

  private set queue(queue: QueueState) {
    this.memory.queue = queue;
    this.keep();
    this.renderQueue();
  }

  private get positionMs(): number {
    return this.engine.loaded ? this.engine.positionMs : this.memory.positionMs;
  }

  private async start(positionMs: number): Promise<void> {
    const track = this.track;
    if (!track) return;
    this.hidden = false;
    this.loading = true;
    this.memory.positionMs = positionMs;
    this.engine.pause();
    this.render();
    try {
      const grant = this.listening.begin(track.id, this.surface);
      await this.engine.load(track.id, positionMs, this.memory.lossless, grant);
      if (this.track?.id !== track.id) return;
      await this.resume();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.refused(track, error);
    } finally {
      this.loading = false;
      this.render();
    }
  }

  private async resume(): Promise<void> {
    claimSound();
    if (!(await this.engine.play())) this.render();
  }

  private restore(): void {
    this.hidden = false;
    this.renderQueue();
    this.render();
    // The page was reloaded while it played: go on, where the browser allows sound without a gesture.
    if (Date.now() - this.memory.playingAt < RESUMES_WITHIN_MS) void this.start(this.memory.positionMs);
  }

  private go(state: QueueState | undefined): void {
    if (!state) {
      this.engine.pause();
      this.seek(0);
      return;
    }
    this.queue = state;
    this.surface = "queue";
    void this.start(0);
  }

  private next(): void {
    this.go(next(this.queue, false));
  }

  private previous(): void {
    if (this.positionMs > RESTART_AFTER_MS || this.queue.place === 0) this.seek(0);
    else this.go(previous(this.queue));
  }

  private ended(): void {
    this.listening.end();
    this.go(next(this.queue, true));
  }

  private skip(ms: number): void {
    this.seek(Math.min(Math.max(0, this.positionMs + ms), this.durationMs));
  }

  private get durationMs(): number {
    // The server's figure is exact and is what every list shows; the element's differs by the codec's padding.
    const known = this.track?.durationMs ?? 0;
    const heard = this.engine.loaded ? this.engine.audio.duration * 1000 : NaN;
    return known || (Number.isFinite(heard) ? heard : 0);
  }

  private refused(track: Track, problem: Problem): void {
    const again = { label: t("Try again"), run: () => void this.start(this.memory.positionMs) };
    if (problem.status === 404 || problem.status === 410) {
      toast(t("{title} is not available any more.", { title: track.title }), "bad");
    } else toast(t("{title} could not be played.", { title: track.title }), "bad", again);
  }

  private failed(what: "gone" | "network" | "media"): void {
    const track = this.track;
    if (!track) return;
    if (what === "network") toast(t("The connection was lost. The music goes on when it is back."));
    else this.refused(track, new Problem(what === "gone" ? 410 : 500, what, ""));
  }

  private command(name: string): void {
    const act: Record<string, () => void> = {
      toggle: () => this.toggle(),
      next: () => this.next(),
      previous: () => this.previous(),
      forward: () => this.skip(SKIP_MS),
      back: () => this.skip(-SKIP_MS),
      mute: () => this.setVolume(this.memory.volume, !this.memory.muted),
      louder: () => this.setVolume(this.memory.volume + LOUDER, false),
      quieter: () => this.setVolume(this.memory.volume - LOUDER, false),
      shuffle: () => (this.queue = setShuffle(this.queue, !this.queue.shuffle)),
      repeat: () => (this.queue = cycleRepeat(this.queue)),
      lossless: () => this.setLossless(!this.memory.lossless),
      queue: () => this.toggleSheet(),
    };
    if (!this.track) return;
    act[name]?.();
    this.render();
  }

  private setVolume(volume: number, muted: boolean): void {
    this.memory.volume = Math.min(1, Math.max(0, volume));
    this.memory.muted = muted;
    this.engine.setVolume(this.memory.volume, muted);
    this.keep();
  }

  private setLossless(lossless: boolean): void {
    this.memory.lossless = lossless;
    this.keep();
    const wasPlaying = this.engine.playing;
    if (this.engine.loaded) void this.engine.reload(lossless).then(() => (wasPlaying ? this.resume() : undefined));
  }

  private toggleSheet(): void {
    const sheet = this.querySelector<HTMLDialogElement>("dialog");
    if (!sheet) return;
    if (sheet.open) sheet.close();
    else if (matchMedia("(width < 48rem)").matches) sheet.showModal();
    else sheet.show();
    this.render();
  }

  private listen(): void {
    this.addEventListener("click", (event) => this.clicked(event.target as Element));
    this.addEventListener("input", (event) => this.moved(event.target as HTMLInputElement));
    this.addEventListener("change", (event) => this.moved(event.target as HTMLInputElement, true));
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.querySelector("dialog")?.close());
    this.querySelector("dialog")?.addEventListener("close", () => this.render());
    document.addEventListener("click", (event) => this.asked(event));
    document.addEventListener("vs:command", (event) => this.command((event as CustomEvent<string>).detail));
    document.addEventListener("vs:seek", (event) => this.seekAsked(event as CustomEvent<SeekAsked>));
    document.addEventListener("htmx:after:swap", () => this.announce());
    addEventListener("pagehide", () => this.leave());
    onOtherTab(() => this.engine.pause());
    session.connect({
      play: () => void this.resume(),
      pause: () => this.engine.pause(),
      next: () => this.next(),
      previous: () => this.previous(),
      seek: (ms) => this.seek(ms),
      skip: (ms) => this.skip(ms),
    });
  }

  /** A click on the page: the nearest queue, and the track in it. */
  private asked(event: Event): void {
    const button = (event.target as Element).closest<HTMLElement>("[data-play]");
    const holder = button?.closest<HTMLElement>("[data-queue]");
    if (!button || !holder) return;
    event.preventDefault();
    const tracks = tracksOf(holder);
    const source = holder.dataset["queueSource"] ?? "";
    const any = button.dataset["play"] === "any";
    const index = any ? 0 : Number(button.dataset["play"]);
    const on = this.track;
    if (on && this.queue.source === source && (any || tracks[index]?.id === on.id)) this.toggle();
    else this.playFrom(holder, tracks, index);
  }

  /** A press on a waveform: a place in the song that is on, or a song to begin there. */
  private seekAsked({ detail }: CustomEvent<SeekAsked>): void {
    if (this.track?.id === detail.trackId && this.engine.loaded) this.seek(detail.ms);
    else if (this.track?.id === detail.trackId) void this.start(detail.ms);
    else if (detail.list) {
      this.playFrom(detail.list, tracksOf(detail.list), detail.index, detail.ms);
    }
  }

  private clicked(target: Element): void {
    const command = target.closest<HTMLElement>("[data-command]")?.dataset["command"];
    if (command) this.command(command);
    const place = target.closest<HTMLElement>("[data-place]")?.dataset["place"];
    if (place !== undefined) this.go({ ...this.queue, place: Number(place) });
  }

  private moved(input: HTMLInputElement, finished = false): void {
    if (input.dataset["part"] === "volume") this.setVolume(Number(input.value) / 100, false);
    if (input.dataset["part"] === "seek") {
      this.scrubbing = !finished;
      const ms = (Number(input.value) / 1000) * this.durationMs;
      if (finished) this.seek(ms);
      else this.renderPosition(ms);
    }
    this.render();
  }

  private leave(): void {
    this.memory.playingAt = this.engine.playing ? Date.now() : 0;
    this.listening.leave();
    this.keep();
  }

  private keep(): void {
    this.memory.positionMs = this.positionMs;
    this.rememberedAt = Date.now();
    remember(this.memory);
  }

  private showEarned(text: string): void {
    for (const chip of this.parts("earned")) {
      chip.textContent = text;
      chip.hidden = !text;
    }
  }

  private parts(name: string): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(`[data-part="${name}"]`)];
  }

  private render(): void {
    const track = this.track;
    if (!track) return;
    if (this.shown !== track.id) this.renderTrack(track);
    const playing = this.engine.playing || this.loading;
    for (const button of this.parts("toggle")) {
      setIcon(button, playing ? "pause" : "play");
      button.setAttribute("aria-label", playing ? t("Pause") : t("Play"));
      button.toggleAttribute("data-waiting", this.loading || this.engine.waiting);
    }
    this.renderChoices();
    if (!this.scrubbing) this.renderPosition(this.positionMs);
    session.place(this.engine.playing, this.positionMs, this.durationMs);
    if (this.engine.playing && Date.now() - this.rememberedAt > REMEMBER_EVERY_MS) this.keep();
    this.announce();
  }

  private renderTrack(track: Track): void {
    this.shown = track.id;
    const set = (name: string, text: string, href: string) => {
      for (const part of this.parts(name)) {
        part.textContent = text;
        if (part instanceof HTMLAnchorElement) part.href = href;
      }
    };
    set("title", track.title, track.releaseUrl);
    set("artist", track.artist, track.artistUrl);
    for (const part of this.parts("cover")) {
      if (part instanceof HTMLImageElement && part.getAttribute("src") !== track.cover) part.src = track.cover;
    }
    for (const part of this.parts("art")) if (part instanceof HTMLAnchorElement) part.href = track.releaseUrl;
    this.showEarned("");
    session.show(track);
  }

  private renderChoices(): void {
    const press = (name: string, pressed: boolean) => {
      for (const button of this.parts(name)) button.setAttribute("aria-pressed", String(pressed));
    };
    const { shuffle, repeat } = this.queue;
    press("shuffle", shuffle);
    press("repeat", repeat !== "off");
    for (const button of this.parts("repeat")) {
      setIcon(button, repeat === "one" ? "repeat-one" : "repeat");
      button.setAttribute("aria-label", repeat === "one" ? t("Repeat this song") : t("Repeat the queue"));
    }
    press("lossless", this.memory.lossless);
    for (const button of this.parts("lossless")) button.hidden = !this.engine.hasLossless;
    for (const button of this.parts("queue")) {
      button.setAttribute("aria-expanded", String(this.querySelector("dialog")?.open ?? false));
    }
    for (const button of this.parts("mute")) {
      setIcon(button, this.memory.muted || this.memory.volume === 0 ? "muted" : "volume");
      button.setAttribute("aria-pressed", String(this.memory.muted));
    }
    for (const input of this.parts("volume")) {
      const level = this.memory.muted ? 0 : Math.round(this.memory.volume * 100);
      (input as HTMLInputElement).value = String(level);
      input.style.setProperty("--filled", `${level}%`);
    }
  }

  private renderPosition(ms: number): void {
    const duration = this.durationMs;
    const share = duration > 0 ? Math.min(1, ms / duration) : 0;
    for (const part of this.parts("elapsed")) part.textContent = clock(ms);
    for (const part of this.parts("length")) part.textContent = clock(duration);
    for (const part of this.parts("seek")) {
      const input = part as HTMLInputElement;
      if (!this.scrubbing) input.value = String(Math.round(share * 1000));
      input.setAttribute("aria-valuetext", t("{position} of {length}", { position: spoken(ms), length: spoken(duration) }));
      input.style.setProperty("--filled", `${share * 100}%`);
    }
    this.style.setProperty("--played", `${share * 100}%`);
  }

  private renderQueue(): void {
    const list = this.parts("upcoming")[0];
    const pattern = this.querySelector<HTMLTemplateElement>("template[data-part=queue-row]");
    if (!list || !pattern) return;
    const rows = upcoming(this.queue).map(({ track, place }) => {
      const row = pattern.content.cloneNode(true) as DocumentFragment;
      const fill = (name: string, text: string) => {
        const part = row.querySelector(`[data-part="${name}"]`);
        if (part) part.textContent = text;
      };
      fill("row-title", track.title);
      fill("row-artist", track.artist);
      fill("row-length", clock(track.durationMs));
      row.querySelector<HTMLElement>("[data-place]")?.setAttribute("data-place", String(place));
      return row;
    });
    list.replaceChildren(...rows);
    for (const part of this.parts("nothing-next")) part.hidden = rows.length > 0;
  }

  /** Tell the page what is on: rows, buttons and waveforms follow. */
  private announce(): void {
    const track = this.track;
    if (!track) return;
    const state: PlayerState = {
      trackId: track.id,
      source: this.queue.source,
      playing: this.engine.playing || this.loading,
      positionMs: this.positionMs,
      durationMs: this.durationMs,
    };
    markPage(state);
    document.dispatchEvent(new CustomEvent<PlayerState>("vs:player", { detail: state }));
  }
}

/** Register the element. */
export function definePlayer(): void {
  customElements.define("vs-player", Player);
}
