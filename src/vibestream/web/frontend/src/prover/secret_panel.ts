// The secret on the page: made here, shown and saved for its owner, brought in from a code that they kept.
import { call, Problem } from "../api";
import { t } from "../text";
import { codeOf, commitmentOf, makeSecret, secretOf } from "./secret";
import { type Kept, secrets } from "./vault";

interface Identity {
  commitment: string;
  from_epoch: string;
}

export class SecretPanel {
  private registered: Identity[] = [];

  constructor(
    private readonly root: HTMLElement,
    private readonly onKnown: (known: Kept[]) => void,
  ) {
    root.addEventListener("click", this.clicked);
    root.addEventListener("submit", this.submitted);
  }

  async begin(): Promise<void> {
    this.registered = (await call<{ items: Identity[] }>("GET", "/api/v1/receipts/identity")).items;
    await this.show();
  }

  /** Secrets of other accounts in this browser are none of this page's. */
  private async own(): Promise<Kept[]> {
    const named = new Set(this.registered.map((one) => one.commitment));
    return (await secrets.all()).filter((one) => named.has(one.commitment));
  }

  private async show(): Promise<void> {
    const own = await this.own();
    const newest = this.registered.at(-1)?.commitment;
    const here = own.some((one) => one.commitment === newest);
    this.part("none").hidden = newest !== undefined;
    this.part("elsewhere").hidden = newest === undefined || here;
    this.part("here").hidden = !here;
    this.onKnown(own);
  }

  private readonly clicked = (event: Event): void => {
    const action = (event.target as Element).closest<HTMLElement>("[data-action]")?.dataset["action"];
    if (action === "make") void this.trying(() => this.make());
    if (action === "show-code") void this.showCode();
    if (action === "save-code") void this.saveCode();
  };

  private readonly submitted = (event: Event): void => {
    event.preventDefault();
    void this.trying(() => this.bring());
  };

  /** Kept before it is registered: a commitment whose secret was lost could never be claimed with. */
  private async make(): Promise<void> {
    const secret = makeSecret();
    const commitment = commitmentOf(secret);
    await secrets.put({ commitment, secret: String(secret), madeAt: Date.now() });
    await this.register(commitment);
    await navigator.storage?.persist?.();
    await this.showCode();
  }

  private async bring(): Promise<void> {
    const field = this.part("code-field") as HTMLInputElement;
    const secret = await secretOf(field.value);
    if (secret === undefined) return this.say(t("This is not a whole code: a letter is missing or was misread."));
    const commitment = commitmentOf(secret);
    if (!this.registered.some((one) => one.commitment === commitment)) {
      return this.say(t("This is the code of a secret that this account never used."));
    }
    await secrets.put({ commitment, secret: String(secret), madeAt: Date.now() });
    field.value = "";
    this.say("");
    await this.show();
  }

  private async register(commitment: string): Promise<void> {
    const made = await call<Identity>("PUT", "/api/v1/receipts/identity", { commitment });
    this.registered.push(made);
    await this.show();
  }

  private async code(): Promise<string> {
    const newest = this.registered.at(-1)?.commitment;
    const kept = (await this.own()).find((one) => one.commitment === newest);
    return kept ? codeOf(BigInt(kept.secret)) : "";
  }

  private async showCode(): Promise<void> {
    this.part("code").textContent = await this.code();
    this.part("code-box").hidden = false;
  }

  private async saveCode(): Promise<void> {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${await this.code()}\n`], { type: "text/plain" }));
    link.download = "vibestream-secret.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  private async trying(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.say(error instanceof Problem && error.code === "network" ? t("No answer from the server.") : String((error as Error).message));
    }
  }

  private say(sentence: string): void {
    const place = this.part("secret-said");
    place.hidden = sentence === "";
    place.querySelector("p")!.textContent = sentence;
  }

  private part(name: string): HTMLElement {
    return this.root.querySelector<HTMLElement>(`[data-part=${name}]`)!;
  }
}
