// The wallets without a name that claims were paid into: what each holds, and spending it.
import { Problem } from "../api";
import { t } from "../text";
import { NotSigned } from "./chain_order";
import { artistOf, held, isOfChain, spend } from "./orders";
import { type Claim, claims, type Kept } from "./vault";
import { vibe } from "./vibe";

export class WalletList {
  /** By wallet: an address of a chain may be paid by many claims. */
  private readonly shown = new Map<string, HTMLElement>();

  constructor(
    private readonly root: HTMLElement,
    private readonly user: string,
    private readonly known: () => readonly Kept[],
  ) {
    root.addEventListener("submit", this.submitted);
    root.addEventListener("change", this.changed);
  }

  /** Add a row for each wallet that was paid and has none. What they hold is asked for when somebody wants to spend it. */
  async refresh(): Promise<void> {
    const pattern = this.root.querySelector("template")!;
    const paidTo = new Map<string, number>();
    const mine = new Set(this.known().map((one) => one.commitment));
    for (const claim of await claims.all()) {
      if (claim.state !== "paid" || !mine.has(claim.commitment)) continue;
      const paid = (paidTo.get(claim.wallet) ?? 0) + (claim.paidMinor ?? 0);
      paidTo.set(claim.wallet, paid);
      const before = this.shown.get(claim.wallet);
      if (before) {
        this.tellPaid(before, paid);
        continue;
      }
      const row = (pattern.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
      row.dataset["claim"] = claim.id;
      this.label(row, claim.id);
      row.querySelector("[data-part=address]")!.textContent = claim.wallet;
      row.querySelector<HTMLElement>("[data-part=chain]")!.hidden = !isOfChain(claim.wallet);
      this.tellPaid(row, paid);
      this.shown.set(claim.wallet, row);
      this.root.querySelector("[data-part=list]")!.append(row);
    }
    this.root.hidden = this.shown.size === 0;
  }

  private tellPaid(row: HTMLElement, minor: number): void {
    row.querySelector("[data-part=received]")!.textContent = t("{amount} VIBE were paid in.", { amount: vibe(minor) });
  }

  /** Labels belong to fields by their ids, of which a page has each once. */
  private label(row: HTMLElement, id: string): void {
    for (const field of row.querySelectorAll<HTMLElement>("[id]")) {
      const named = `${field.id}-${id.replace(":", "-")}`;
      for (const label of row.querySelectorAll<HTMLLabelElement>(`label[for="${field.id}"]`)) label.htmlFor = named;
      field.id = named;
    }
  }

  private readonly changed = (event: Event): void => {
    const choice = event.target as HTMLSelectElement;
    if (!choice.matches("[data-part=to]")) return;
    const row = choice.closest<HTMLElement>("[data-claim]")!;
    row.querySelector<HTMLElement>("[data-part=artist]")!.hidden = choice.value !== "artist";
    row.querySelector<HTMLElement>("[data-part=links]")!.hidden = choice.value !== "account";
    row.querySelector<HTMLInputElement>("[data-part=handle]")!.required = choice.value === "artist";
  };

  private readonly submitted = (event: Event): void => {
    event.preventDefault();
    void this.spendFrom((event.target as Element).closest<HTMLElement>("[data-claim]")!);
  };

  private async spendFrom(row: HTMLElement): Promise<void> {
    const button = row.querySelector("button")!;
    button.disabled = true;
    try {
      const claim = await claims.get(row.dataset["claim"]!);
      const kept = this.known().find((one) => one.commitment === claim?.commitment);
      if (claim && kept) this.say(row, await this.order(row, claim, kept), true);
    } catch (error) {
      this.say(row, error instanceof Problem ? told(error) : error instanceof NotSigned ? error.message : String(error));
    } finally {
      button.disabled = false;
    }
  }

  /** Order all that a wallet holds to where the row says; return what to say then. */
  private async order(row: HTMLElement, claim: Claim, kept: Kept): Promise<string> {
    const minor = await held(claim.wallet);
    if (minor === 0) return t("This wallet is empty: what it held was spent.");
    const to = row.querySelector<HTMLSelectElement>("[data-part=to]")!.value;
    const handle = row.querySelector<HTMLInputElement>("[data-part=handle]")!.value;
    const identifier = to === "account" ? this.user : await artistOf(handle);
    if (identifier === undefined) throw new Problem(404, "unknown", "");
    await spend(claim, kept, { to: to === "account" ? "account" : "artist", identifier }, minor);
    const amount = vibe(minor);
    return to === "account" ? t("{amount} VIBE are in your wallet.", { amount }) : t("{amount} VIBE went to the artist.", { amount });
  }

  private say(row: HTMLElement, sentence: string, good = false): void {
    const place = row.querySelector<HTMLElement>("[data-part=spent]")!;
    place.hidden = false;
    place.classList.toggle("good", good);
    place.classList.toggle("bad", !good);
    place.querySelector("p")!.textContent = sentence;
  }
}

function told(error: Problem): string {
  if (error.code === "network") return t("No answer from the server.");
  if (error.status === 404) return t("There is no such artist.");
  return error.message;
}
