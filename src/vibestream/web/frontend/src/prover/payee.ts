// Where claims are paid: a fresh wallet without a name for each, or an address of a chain that the listener types or has from a
// wallet of this browser. What that links stands on the page; here the choice is read, and what is no address is refused.
import { t } from "../text";
import { addressOf, findProviders, type Provider } from "../shell/providers";
import { type Fault, readAddress } from "./address";

/** The choice is an address, and what is typed is none. What is wrong stands at the field. */
export class NoPayee extends Error {}

export class PayeePanel {
  private readonly end: () => void;

  constructor(private readonly root: HTMLElement) {
    root.addEventListener("change", () => this.show());
    this.field().addEventListener("input", () => this.say(undefined));
    this.end = findProviders(this.offer, () => undefined);
    this.show();
  }

  /** The page is left. */
  close(): void {
    this.end();
  }

  /** The address to claim to, as claims name it; undefined: a fresh wallet for each. Throws NoPayee. */
  chosen(): string | undefined {
    if (!this.isAddress()) return undefined;
    const read = readAddress(this.field().value);
    this.say(read);
    if ("fault" in read) {
      this.field().focus();
      throw new NoPayee();
    }
    return `evm:${read.address.toLowerCase()}`;
  }

  private isAddress(): boolean {
    return this.root.querySelector<HTMLInputElement>("input[value=address]")!.checked;
  }

  private show(): void {
    this.piece("by-address").hidden = !this.isAddress();
    if (this.isAddress() && this.field().value) this.say(readAddress(this.field().value));
  }

  private readonly offer = (provider: Provider, name?: string): void => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = name ? t("Take it from {name}", { name }) : t("Take it from the wallet of this browser");
    button.addEventListener("click", () => void this.take(provider));
    this.piece("providers").append(button);
  };

  private async take(provider: Provider): Promise<void> {
    const address = await addressOf(provider).catch(() => undefined);
    if (!address) return this.tell(t("The wallet gave no address."), true);
    this.field().value = address;
    const read = readAddress(address);
    if (!("fault" in read)) this.field().value = read.address;
    this.say(readAddress(this.field().value));
  }

  private say(read: ReturnType<typeof readAddress> | undefined): void {
    if (!read) return this.tell("", false);
    if ("fault" in read) return this.tell(sentenceOf(read.fault), true);
    this.tell(read.checked ? t("Its checksum is right.") : t("It was typed without a checksum. Compare it letter by letter: {address}", { address: read.address }), false);
  }

  private tell(sentence: string, wrong: boolean): void {
    const place = this.piece("address-says");
    place.textContent = sentence;
    place.className = wrong ? "wrong" : "hint";
    if (wrong) this.field().setAttribute("aria-invalid", "true");
    else this.field().removeAttribute("aria-invalid");
  }

  private field(): HTMLInputElement {
    return this.root.querySelector<HTMLInputElement>("[data-part=address]")!;
  }

  private piece(name: string): HTMLElement {
    return this.root.querySelector<HTMLElement>(`[data-part=${name}]`)!;
  }
}

function sentenceOf(fault: Fault): string {
  if (fault === "checksum") return t("A letter of this address is another one: its checksum is wrong.");
  if (fault === "zero") return t("Nobody has the key of this address.");
  return t("An address is 0x and forty digits from 0 to f.");
}
