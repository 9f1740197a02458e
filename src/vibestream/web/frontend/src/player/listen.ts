// Telling the server what was heard, so that a listen can be accepted and earn. Beats are numbered, kept until the server
// says that it has them, and sent in order, one request at a time, however long the network was away. A reload continues
// the same listen: its number and the beats not yet taken are kept for the tab.
//
//   POST /api/v1/listens {track_id, player_id}         -> {listen_id, heartbeat_every_s, state, …}
//   PUT  /api/v1/listens/{id}/surface {surface}        -> nothing
//   POST /api/v1/listens/{id}/heartbeats {beats: […]}  -> {accepted_through_seq, heard_ms, needed_ms, state, reason}
//   POST /api/v1/listens/{id}/close                    -> the same
import { call, Problem, sendAway } from "../api";

export type BeatState = "playing" | "paused" | "seeking" | "ended";
/** What a listen was started from: the page of a release, that of a song, or the queue. */
export type Surface = "release" | "song" | "queue";
export type ListenState = "open" | "held" | "rejected" | "accepted" | "closed" | "refused";

interface Beat {
  seq: number;
  /** This player's clock since the listen was opened; never goes back. */
  at_client_ms: number;
  position_ms: number;
  state: BeatState;
  muted: boolean;
  visible: boolean;
}

interface Opened {
  listen_id: string;
  heartbeat_every_s: number;
}

export interface Standing {
  accepted_through_seq: number;
  heard_ms: number;
  needed_ms: number;
  state: ListenState;
  reason: string | null;
}

interface Kept {
  id: string;
  trackId: string;
  everyMs: number;
  openedAt: number;
  seq: number;
  beats: Beat[];
  keptAt: number;
}

const KEPT = "vs-listen";
const PLAYER = "vs-player-id";
const MOST_BEATS = 60;
const CONTINUES_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 30_000;

/** One listen of one track in this tab, from its opening to its end. */
export class Listen {
  private beats: Beat[];
  private seq: number;
  private sending = false;
  private waitMs = FIRST_WAIT_MS;
  private timer = 0;
  private over = false;
  private ending = false;
  private lastAtMs = 0;

  private constructor(
    readonly id: string,
    readonly trackId: string,
    readonly everyMs: number,
    private readonly openedAt: number,
    private readonly onStanding: (standing: Standing) => void,
    kept?: Kept,
  ) {
    this.beats = kept?.beats ?? [];
    this.seq = kept?.seq ?? 0;
    window.addEventListener("online", this.retryNow);
  }

  /** Open a listen of a track, or continue the one that a reload interrupted. Throws the server's Problem. */
  static async open(trackId: string, surface: Surface, onStanding: (standing: Standing) => void): Promise<Listen> {
    const kept = takeKept(trackId);
    if (kept) return new Listen(kept.id, trackId, kept.everyMs, kept.openedAt, onStanding, kept);
    const opened = await call<Opened>("POST", "/api/v1/listens", { track_id: trackId, player_id: playerId() });
    // Figures for artists: the music does not wait for it, and does without.
    void call("PUT", `/api/v1/listens/${opened.listen_id}/surface`, { surface }).catch(ignoreProblem);
    return new Listen(opened.listen_id, trackId, opened.heartbeat_every_s * 1000, Date.now(), onStanding);
  }

  /** Note where the song is and what it does, and send it as soon as the network allows. */
  beat(state: BeatState, positionMs: number, muted: boolean): void {
    if (this.over || this.ending) return;
    this.seq += 1;
    this.lastAtMs = Math.max(this.lastAtMs, Date.now() - this.openedAt);
    this.beats.push({
      seq: this.seq,
      at_client_ms: this.lastAtMs,
      position_ms: Math.max(0, Math.round(positionMs)),
      state,
      muted,
      visible: document.visibilityState === "visible",
    });
    void this.send();
  }

  /** Send what is left and close. */
  close(): void {
    if (this.over || this.ending) return;
    this.ending = true;
    void this.send();
  }

  /** The page goes away: hand the last beats to the browser, and keep the listen for the page that comes back. */
  leave(): void {
    if (this.over) return;
    const path = `/api/v1/listens/${this.id}`;
    if (this.beats.length) sendAway(`${path}/heartbeats`, { beats: this.beats.slice(0, MOST_BEATS) });
    if (this.ending) {
      sendAway(`${path}/close`);
      return;
    }
    const { id, trackId, everyMs, openedAt, seq, beats } = this;
    const kept: Kept = { id, trackId, everyMs, openedAt, seq, beats, keptAt: Date.now() };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  private readonly retryNow = (): void => {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    void this.send();
  };

  private async send(): Promise<void> {
    if (this.sending || this.timer || this.over) return;
    this.sending = true;
    try {
      while (this.beats.length) await this.sendBeats();
      if (this.ending) {
        this.onStanding(await call<Standing>("POST", `/api/v1/listens/${this.id}/close`));
        this.stop();
      }
      this.waitMs = FIRST_WAIT_MS;
    } catch (error) {
      this.failed(error);
    } finally {
      this.sending = false;
    }
  }

  private async sendBeats(): Promise<void> {
    const beats = this.beats.slice(0, MOST_BEATS);
    const standing = await call<Standing>("POST", `/api/v1/listens/${this.id}/heartbeats`, { beats });
    this.onStanding(standing);
    const taken = this.beats.filter((each) => each.seq <= standing.accepted_through_seq);
    this.beats = this.beats.slice(taken.length);
    // A listen that is over, or one that takes none of what it was sent, takes no more.
    if (standing.state === "closed" || standing.state === "refused" || !taken.length) this.stop();
  }

  /** A passing failure waits and tries again, longer each time; any other ends the listen, not the music. */
  private failed(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    if (this.over) return;
    if (!error.passing) {
      this.stop();
      this.onStanding({ accepted_through_seq: 0, heard_ms: 0, needed_ms: 0, state: "refused", reason: error.code });
      return;
    }
    this.timer = window.setTimeout(this.retryNow, this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, LAST_WAIT_MS);
  }

  private stop(): void {
    this.over = true;
    this.beats = [];
    window.removeEventListener("online", this.retryNow);
  }
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}

function takeKept(trackId: string): Kept | undefined {
  const text = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  if (!text) return undefined;
  const kept = JSON.parse(text) as Kept;
  return kept.trackId === trackId && Date.now() - kept.keptAt < CONTINUES_MS ? kept : undefined;
}

/** One id per tab that survives its reloads: two tabs are two players. */
function playerId(): string {
  const known = sessionStorage.getItem(PLAYER);
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem(PLAYER, made);
  return made;
}
