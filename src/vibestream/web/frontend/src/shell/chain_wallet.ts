// <vs-chain-wallet>: a button for each wallet that this browser has, and what came of having it sign in words. What is signed
// is written by the server, which reads it again; here it is passed on as it stands.
import { call, Problem } from "../api";
import { t } from "../text";
import { addressOf, BUSY, findProviders, type Provider, REFUSED_BY_ITS_OWNER, signWords } from "./providers";

class ChainWallet extends HTMLElement {
  private end: (() => void) | undefined;

  connectedCallback(): void {
    this.end = findProviders(
      (provider, name) => this.offer(name ? t("Use {name}", { name }) : t("Use the wallet of this browser"), provider),
      () => (this.piece("none").hidden = false),
    );
  }

  disconnectedCallback(): void {
    this.end?.();
  }

  private offer(label: string, provider: Provider): void {
    const button = document.createElement("button");
    button.type = "button";
    button.className = this.querySelector("button") ? "button" : "button primary";
    button.textContent = label;
    button.addEventListener("click", () => void this.press(provider));
    this.piece("wallets").append(button);
  }

  private async press(provider: Provider): Promise<void> {
    this.say("");
    this.busy(true);
    try {
      const asked = { address: (await addressOf(provider)) ?? "" };
      const { message } = await call<{ message: string }>("POST", "/api/v1/me/chain-wallets/challenge", asked);
      const signature = await signWords(provider, asked.address, message);
      await call("POST", "/api/v1/me/chain-wallets", { message, signature });
      location.assign("/account/wallets?done=connected");
    } catch (error) {
      this.say(told(error));
    } finally {
      this.busy(false);
    }
  }

  private busy(now: boolean): void {
    this.piece("waits").hidden = !now;
    for (const button of this.querySelectorAll("button")) button.disabled = now;
  }

  private say(sentence: string): void {
    const place = this.piece("said");
    place.hidden = sentence === "";
    place.querySelector("p")!.textContent = sentence;
  }

  private piece(name: string): HTMLElement {
    return this.querySelector<HTMLElement>(`[data-part=${name}]`)!;
  }
}

function told(error: unknown): string {
  if (error instanceof Problem) return ofProblem(error);
  const code = (error as { code?: unknown } | null)?.code;
  if (code === REFUSED_BY_ITS_OWNER) return t("It was cancelled in the wallet. Nothing is connected.");
  if (code === BUSY) return t("The wallet is asking already. Open it.");
  return t("The wallet cannot do that.");
}

function ofProblem(problem: Problem): string {
  switch (problem.code) {
    case "access.proof_too_old":
      location.reload();
      return "";
    case "wallet_link.taken":
      return t("That wallet is connected with an account here already.");
    case "wallet_link.full":
      return t("Five wallets are connected already. Remove one first.");
    case "wallet_link.challenge_expired":
      return t("That took too long, or was answered already. Try again.");
    case "wallet_link.signature_refused":
    case "wallet_link.message_refused":
      return t("This is not a signature of that wallet.");
    case "network":
      return t("No answer from the server.");
    default:
      return problem.status === 429 ? t("Too many tries. Wait a moment.") : problem.message;
  }
}

/** Make the element known. */
export function defineChainWallet(): void {
  customElements.define("vs-chain-wallet", ChainWallet);
}
