// <vs-receipts>: one's secret, the days that one earned on, and what became of each claim. The page says what each of it means;
// here its parts are shown, hidden and filled in.
import { Problem } from "../api";
import { locale, t, tn } from "../text";
import { OtherSecret, proveDay } from "./claiming";
import { NoPayee, PayeePanel } from "./payee";
import { type Circuit, ProvingFailed } from "./proving";
import { sentenceOf } from "./sentences";
import { SecretPanel } from "./secret_panel";
import { type Claim, claims, type Kept } from "./vault";
import { vibe } from "./vibe";
import { ableToSign } from "./wallet_key";
import { WalletList } from "./wallet_list";

class Receipts extends HTMLElement {
  private known: Kept[] = [];
  private running: AbortController | undefined;
  private wallets: WalletList | undefined;
  private payee: PayeePanel | undefined;

  connectedCallback(): void {
    document.addEventListener("vs:claims", this.show);
    this.addEventListener("click", this.clicked);
    this.addEventListener("change", this.changed);
    void this.begin();
  }

  disconnectedCallback(): void {
    document.removeEventListener("vs:claims", this.show);
    this.running?.abort();
    this.payee?.close();
  }

  private async begin(): Promise<void> {
    if (!(await ableToSign()) || typeof Worker === "undefined") {
      this.piece("unable").hidden = false;
      return;
    }
    this.payee = new PayeePanel(this.piece("payee"));
    this.wallets = new WalletList(this.piece("wallets"), this.dataset["user"] ?? "", () => this.known);
    try {
      const panel = new SecretPanel(this.piece("secret"), (known) => {
        this.known = known;
        void this.refresh();
      });
      await panel.begin();
    } catch (error) {
      this.say(error instanceof Problem ? problem(error) : t("This browser keeps nothing for this page. Allow it to store data, and load the page again."));
    }
  }

  private readonly show = (): void => {
    if (!this.running) this.say("");
    void this.refresh();
  };

  /** Show of each day what became of its claims, and whether it can be claimed here. */
  private async refresh(): Promise<void> {
    const made = await claims.all();
    for (const row of this.days()) {
      const of = made.filter((claim) => claim.epoch === row.dataset["epoch"]);
      const open = of.length < Number(row.dataset["summaries"]) || of.some((claim) => claim.state === "refused");
      const floor = row.querySelector<HTMLInputElement>("[data-part=anyway]");
      const button = row.querySelector<HTMLButtonElement>("[data-action=claim]");
      if (button) {
        button.hidden = !open || this.known.length === 0;
        button.disabled = this.running !== undefined || (floor !== null && !floor.checked);
      }
      if (floor) floor.closest<HTMLElement>("label")!.hidden = !open || this.known.length === 0;
      row.querySelector("[data-part=state]")!.textContent = stateOf(of);
    }
    this.piece("payee").hidden = this.known.length === 0;
    await this.wallets?.refresh();
  }

  private days(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-epoch]")];
  }

  private readonly changed = (event: Event): void => {
    if ((event.target as Element).matches("[data-part=anyway]")) void this.refresh();
  };

  private readonly clicked = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-action]");
    const day = button?.closest<HTMLElement>("[data-epoch]");
    if (button?.dataset["action"] === "claim" && day) void this.claim(day);
    if (button?.dataset["action"] === "cancel") this.running?.abort();
  };

  private async claim(day: HTMLElement): Promise<void> {
    let payee: string | undefined;
    try {
      payee = this.payee?.chosen();
    } catch (error) {
      if (error instanceof NoPayee) return;
      throw error;
    }
    const running = (this.running = new AbortController());
    const bar = this.piece("bar") as HTMLProgressElement;
    this.say("");
    this.piece("running").hidden = false;
    this.step(t("Fetching the circuit and its keys…"));
    await this.refresh();
    const singleThread = (this.piece("single") as HTMLInputElement).checked;
    const onStep = (step: string, share: number) => {
      bar.value = share;
      this.step(step === "files" ? t("Fetching the circuit and its keys…") : step === "check" ? t("Checking the proof…") : t("Proving. It takes some seconds…"));
    };
    const silentMs = Number(this.dataset["silentMs"]) || undefined;
    const options = { singleThread, signal: running.signal, onStep, ...(silentMs ? { silentMs } : {}) };
    try {
      const acceptsRecognition = day.querySelector<HTMLInputElement>("[data-part=anyway]")?.checked ?? false;
      const wishes = { mostDelayS: Number(this.dataset["delay"]), acceptsRecognition, payee };
      const made = await proveDay(this.circuit(), this.known, day.dataset["epoch"] ?? "", wishes, options);
      this.say(tn("{n} claim is proved and waits to be sent.", "{n} claims are proved and wait to be sent.", made), true);
    } catch (error) {
      this.say(sentence(error));
    } finally {
      this.running = undefined;
      this.piece("running").hidden = true;
      await this.refresh();
    }
  }

  private circuit(): Circuit {
    return JSON.parse(this.dataset["circuit"] ?? "{}") as Circuit;
  }

  private step(sentence: string): void {
    this.piece("step").textContent = sentence;
  }

  private say(sentence: string, good = false): void {
    const place = this.piece("said");
    place.hidden = sentence === "";
    place.classList.toggle("good", good);
    place.classList.toggle("bad", !good);
    place.querySelector("p")!.textContent = sentence;
  }

  private piece(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-part=${name}]`)!;
  }
}

/** What became of a day's claims, in one line. */
function stateOf(made: Claim[]): string {
  const paid = made.filter((claim) => claim.state === "paid");
  const waiting = made.filter((claim) => claim.state === "waiting");
  const refused = made.filter((claim) => claim.state === "refused");
  const lines = [];
  if (paid.length) lines.push(t("Paid: {amount} VIBE.", { amount: vibe(paid.reduce((sum, one) => sum + (one.paidMinor ?? 0), 0)) }));
  if (waiting.length) {
    const last = new Date(Math.max(...waiting.map((one) => one.sendAt)));
    const time = last.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
    lines.push(t("Waiting to be sent, by {time} at the latest: {n}.", { time, n: waiting.length }));
  }
  if (refused.length) lines.push(refused.some((one) => one.code === "claims.spent") ? t("Claimed before, to another wallet.") : refused.some((one) => one.code === "claims.recognisable") ? t("This claim hides among few. Say that you accept that, and prove it again.") : t("The server refused a claim. Prove it again."));
  return lines.join(" ");
}

function sentence(error: unknown): string {
  if (error instanceof ProvingFailed) return sentenceOf(error.reason);
  if (error instanceof OtherSecret) return t("These receipts belong to another secret of yours. Bring it into this browser by its code.");
  return error instanceof Problem ? problem(error) : t("Something went wrong in this browser: {error}", { error: String(error) });
}

function problem(error: Problem): string {
  if (error.code === "network") return t("No answer from the server.");
  if (error.code === "receipts.tree_not_kept") return t("The day's receipts are being put away. Try again in some minutes.");
  return error.message;
}

/** Make the element known. */
export function defineReceipts(): void {
  customElements.define("vs-receipts", Receipts);
}
