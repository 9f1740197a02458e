// <vs-perk>: proves that somebody who heard an artist for long enough asks, and shows what the artist gives. The page says what it means.
import { call, Problem } from "../api";
import { t } from "../text";
import { callAnonymously } from "./anonymous";
import { boundElement, expiryOf, type OwnReceipts } from "./claiming";
import { type Circuit, prove, type Options, ProvingFailed } from "./proving";
import { sentenceOf } from "./sentences";
import { type Kept, secrets } from "./vault";

interface Opened {
  title: string;
  text: string;
  /** One's own, where the perk has codes. */
  code: string | null;
}

/** The browser holds no secret that the day's receipt is of. */
class NoSecret extends Error {}

class Perk extends HTMLElement {
  private running: AbortController | undefined;

  connectedCallback(): void {
    this.addEventListener("click", this.clicked);
    this.addEventListener("change", this.changed);
    const able = isSecureContext && typeof Worker !== "undefined" && "indexedDB" in globalThis;
    if (!able) this.say(t("This browser cannot prove: it needs a secure connection (https) and a version of the last two years."));
    else this.show();
  }

  disconnectedCallback(): void {
    this.running?.abort();
  }

  private readonly changed = (): void => this.show();

  private readonly clicked = (event: Event): void => {
    const action = (event.target as Element).closest<HTMLElement>("[data-action]")?.dataset["action"];
    if (action === "open") void this.open();
    if (action === "cancel") this.running?.abort();
  };

  /** The button is there once it can do something, and does it once the listener accepted what it tells of them. */
  private show(): void {
    const button = this.querySelector<HTMLButtonElement>("[data-action=open]");
    if (!button) return;
    button.hidden = false;
    button.disabled = this.running !== undefined || this.mustAccept();
  }

  private mustAccept(): boolean {
    const box = this.querySelector<HTMLInputElement>("[data-part=anyway]");
    return box !== null && !box.checked;
  }

  private async open(): Promise<void> {
    const running = (this.running = new AbortController());
    const bar = this.piece("bar") as HTMLProgressElement;
    this.say("");
    this.piece("running").hidden = false;
    this.step(t("Fetching the circuit and its keys…"));
    this.show();
    const onStep = (step: string, share: number) => {
      bar.value = share;
      this.step(step === "files" ? t("Fetching the circuit and its keys…") : step === "check" ? t("Checking the proof…") : t("Proving. It takes some seconds…"));
    };
    const singleThread = (this.piece("single") as HTMLInputElement).checked;
    try {
      this.give(await this.proved({ singleThread, signal: running.signal, onStep }));
    } catch (error) {
      this.say(sentence(error));
    } finally {
      this.running = undefined;
      this.piece("running").hidden = true;
      this.show();
    }
  }

  /** Prove by one day's receipt, and ask for the perk as nobody. */
  private async proved(options: Options): Promise<Opened> {
    const day = await call<OwnReceipts>("GET", `/api/v1/receipts/${this.said("epoch")}`);
    const one = day.receipts.find((each) => each.artist_id === this.said("artist"));
    const kept = (await secrets.all()).find((each: Kept) => each.commitment === one?.commitment);
    if (!one || !kept) throw new NoSecret();
    const expiresAt = expiryOf(Date.now());
    const bound = ["vibestream-perk-v1", day.epoch.deployment, day.epoch_number, this.said("perk"), String(expiresAt)];
    const input = {
      secret: kept.secret,
      songId: one.song_id,
      seconds: String(one.seconds),
      nonce: one.nonce,
      leafIndex: String(one.leaf_index),
      siblings: one.siblings,
      root: day.epoch.root,
      epoch: day.epoch_number,
      minSeconds: this.said("least"),
      songDisclosure: one.song_id,
      payout: String(await boundElement(bound)),
    };
    const made = await prove(JSON.parse(this.said("circuit")) as Circuit, input, options);
    return callAnonymously<Opened>("POST", `/api/v1/perks/${this.said("perk")}/proofs`, {
      proof: made.proof,
      public_signals: made.publicSignals,
      epoch: day.epoch.epoch,
      expires_at: new Date(expiresAt * 1000).toISOString(),
      ...(this.querySelector("[data-part=anyway]") ? { accepts_recognition: true } : {}),
    });
  }

  /** Show what the artist gives, and take away what asked for it. */
  private give({ text, code }: Opened): void {
    this.piece("asking").hidden = true;
    const place = this.piece("given");
    place.querySelector("[data-part=text]")!.textContent = text;
    place.querySelector("[data-part=code]")!.textContent = code ?? "";
    place.querySelector<HTMLElement>("[data-part=code-box]")!.hidden = code === null;
    place.hidden = false;
    place.querySelector<HTMLElement>("h3")?.focus();
  }

  private step(words: string): void {
    this.piece("step").textContent = words;
  }

  private say(words: string): void {
    const place = this.piece("said");
    place.hidden = words === "";
    place.querySelector("p")!.textContent = words;
  }

  private said(name: string): string {
    return this.dataset[name] ?? "";
  }

  private piece(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-part=${name}]`)!;
  }
}

function sentence(error: unknown): string {
  if (error instanceof ProvingFailed) return sentenceOf(error.reason);
  if (error instanceof NoSecret) return t("The secret that you listened with is not in this browser. Bring it in at Your receipts, by its code.");
  if (error instanceof Problem) return problem(error);
  return t("Something went wrong in this browser: {error}", { error: String(error) });
}

function problem(error: Problem): string {
  if (error.code === "network") return t("No answer from the server.");
  if (error.code === "fandom.perk_missing") return t("The artist does not give this any more.");
  if (error.code === "fandom.recognisable") return t("This proof hides among few. Say that you accept that, and prove again.");
  if (error.code === "fandom.codes_exhausted") return t("Every code is given. There is nothing left to open.");
  if (error.code === "fandom.not_due") return t("Proofs of that day are not taken any more. Load the page again.");
  return error.message;
}

/** Make the element known. */
export function definePerk(): void {
  customElements.define("vs-perk", Perk);
}
