// The listener's side of the main job: while something plays, its listen is open and told of. Music never waits for the
// books: when no listen can be opened, the song plays all the same and says that it does not count.
import { Problem } from "../api";
import { locale, t } from "../text";
import type { Engine } from "./engine";
import { Listen, type BeatState, type Standing, type Surface } from "./listen";
import { grantPlayback, type Playback } from "./playback";

interface Reward {
  listen_id?: string;
  /** Plain decimal with its currency, as every amount of the API. */
  amount: string;
  currency: string;
}

const signedIn = document.documentElement.dataset["user"] !== undefined;

/** Opens, tells and closes the listens of one player. */
export class Listening {
  private listen: Listen | undefined;
  private timer = 0;

  constructor(
    private readonly engine: Engine,
    private readonly onNews: (text: string) => void,
  ) {
    const { audio } = engine;
    audio.addEventListener("playing", () => this.note("playing"));
    audio.addEventListener("pause", () => !audio.ended && this.note("paused"));
    audio.addEventListener("seeked", () => this.note(engine.playing ? "playing" : "paused"));
    audio.addEventListener("volumechange", () => this.note(engine.playing ? "playing" : "paused"));
    document.addEventListener("vs:reward.paid", (event) => this.paid((event as CustomEvent<Reward>).detail));
  }

  /** Return what grants a track's addresses: the first call opens its listen, later ones renew within it. */
  begin(trackId: string, surface: Surface): () => Promise<Playback> {
    this.end();
    return async () => {
      if (signedIn && this.listen?.trackId !== trackId) await this.open(trackId, surface);
      return grantPlayback(trackId, this.listen?.id);
    };
  }

  /** Tell where the song is and what it does. */
  note(state: BeatState): void {
    const { audio, loaded, positionMs } = this.engine;
    if (loaded === this.listen?.trackId) this.listen?.beat(state, positionMs, audio.muted || audio.volume === 0);
  }

  /** The song is over or left: tell the end, and close. */
  end(): void {
    clearInterval(this.timer);
    if (this.engine.audio.ended) this.note("ended");
    else if (this.engine.playing) this.note("paused");
    this.listen?.close();
    this.listen = undefined;
  }

  /** The page goes away. */
  leave(): void {
    if (this.engine.playing) this.note("playing");
    this.listen?.leave();
  }

  private async open(trackId: string, surface: Surface): Promise<void> {
    try {
      this.listen = await Listen.open(trackId, surface, (standing) => this.heard(standing));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 401) this.onNews(t("Sign in again to earn"));
      else this.onNews(t("Not counted"));
      return;
    }
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.engine.playing && this.note("playing"), this.listen.everyMs);
  }

  private heard({ state }: Standing): void {
    if (state === "refused" || state === "rejected") this.onNews(t("Not counted"));
    else if (state === "held") this.onNews(t("A person will look at this"));
    else if (state === "accepted") this.onNews(t("Counted"));
  }

  private paid({ amount, currency }: Reward): void {
    this.onNews(t("{amount} earned", { amount: `${exact(amount)} ${currency}` }));
  }
}

/** An amount as the reader's language writes it. The formatter takes the decimal as text, so nothing becomes a float. */
function exact(decimal: string): string {
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 6 });
  return format.format(decimal as Intl.StringNumericLiteral);
}
