// <vs-passkey mode="sign-in | step-up | create">: a button that asks the browser for a passkey, and what came of it in words.
// Without a script, or where the browser knows no passkeys, the button stays hidden and the form beside it does.
import { call, Problem } from "../api";
import { t } from "../text";
import { answerJson, creationOptions, type OptionsJson, requestOptions } from "./passkey_json";

const RENEWED_AFTER_MS = 8 * 60_000;
/** A challenge is good for ten minutes; what is offered while a page lies open is renewed before. */

class Passkey extends HTMLElement {
  private waiting: AbortController | undefined;
  private renewal: ReturnType<typeof setInterval> | undefined;

  connectedCallback(): void {
    if (typeof PublicKeyCredential === "undefined") {
      if (this.mode === "create") this.say(t("This browser does not know passkeys. Try another one, or another device."));
      return;
    }
    const button = this.button;
    button.hidden = false;
    button.addEventListener("click", () => void this.press());
    if (this.mode === "sign-in") void this.offer();
  }

  disconnectedCallback(): void {
    this.stop();
  }

  private get mode(): string {
    return this.getAttribute("mode") ?? "";
  }

  private get button(): HTMLButtonElement {
    return this.querySelector<HTMLButtonElement>("button")!;
  }

  /** Offer passkeys among what the browser fills the address in with, for as long as the page is open. */
  private async offer(): Promise<void> {
    const able = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (!able || !this.isConnected) return;
    this.renewal ??= setInterval(() => void this.offer(), RENEWED_AFTER_MS);
    try {
      await this.enter("conditional");
    } catch (error) {
      if (error instanceof Problem) this.say(told(error));
    }
  }

  private async press(): Promise<void> {
    this.stop();
    this.say("");
    this.button.disabled = true;
    try {
      if (this.mode === "create") await this.create();
      else if (this.mode === "step-up") await this.show();
      else await this.enter("optional");
    } catch (error) {
      this.say(told(error));
      if (this.mode === "sign-in") void this.offer();
    } finally {
      this.button.disabled = false;
    }
  }

  private async enter(mediation: CredentialMediationRequirement): Promise<void> {
    const credential = await this.asked("/api/v1/sessions/passkey/options", mediation);
    await call("POST", "/api/v1/sessions/passkey", { credential });
    location.assign(this.dataset["next"] ?? "/");
  }

  /** After the proof the form beside it sends what it carries to where that was sent first. */
  private async show(): Promise<void> {
    const credential = await this.asked("/api/v1/me/step-up/passkey/options", "optional");
    await call("POST", "/api/v1/me/step-up/passkey", { credential });
    const again = this.dataset["again"];
    const form = document.querySelector<HTMLFormElement>("form[data-proof]");
    if (!again || !form) return location.assign(this.dataset["onward"] ?? "/account");
    form.action = again;
    form.submit();
  }

  private async create(): Promise<void> {
    const field = document.querySelector<HTMLInputElement>("#name")!;
    if (!field.reportValidity()) return;
    const { public_key } = await call<{ public_key: OptionsJson }>("POST", "/api/v1/me/passkeys/options");
    const made = await navigator.credentials.create({ publicKey: creationOptions(public_key) });
    const credential = answerJson(made as PublicKeyCredential);
    await call("POST", "/api/v1/me/passkeys", { credential, name: field.value });
    location.assign("/account?done=passkey_added");
  }

  private async asked(path: string, mediation: CredentialMediationRequirement): Promise<unknown> {
    this.waiting?.abort();
    const waiting = new AbortController();
    this.waiting = waiting;
    const { public_key } = await call<{ public_key: OptionsJson }>("POST", path);
    const publicKey = requestOptions(public_key);
    const shown = await navigator.credentials.get({ publicKey, mediation, signal: waiting.signal });
    return answerJson(shown as PublicKeyCredential);
  }

  private stop(): void {
    clearInterval(this.renewal);
    this.renewal = undefined;
    this.waiting?.abort();
  }

  private say(sentence: string): void {
    const place = this.querySelector<HTMLElement>("[data-part=said]")!;
    place.hidden = sentence === "";
    place.querySelector("p")!.textContent = sentence;
  }
}

/** Say what went wrong. The browser tells of a cancelled dialog and of one that took too long alike. */
function told(error: unknown): string {
  if (error instanceof Problem) return ofProblem(error);
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return t("Nothing was confirmed: it was cancelled, or it took too long. Try again.");
  if (name === "InvalidStateError") return t("This device has a passkey of your account already.");
  if (name === "SecurityError") return t("Passkeys do not work at this address of the site.");
  if (name === "AbortError") return "";
  return t("This device cannot do that. Try another one.");
}

function ofProblem(problem: Problem): string {
  switch (problem.code) {
    case "access.proof_too_old":
      location.reload();
      return "";
    case "passkey.refused":
      return t("This passkey is not one of an account here, or it was not confirmed. Try again.");
    case "passkey.copied":
      return t("This passkey was stopped: its counter shows that there is a copy. Sign in by your password and make a new one.");
    case "passkey.expired":
      return t("That took too long, or was answered already. Try again.");
    case "passkey.exists":
      return t("This passkey is known already, or you have as many as there may be.");
    case "passkey.name_invalid":
      return t("A name has 1 to 60 characters.");
    case "network":
      return t("No answer from the server.");
    default:
      return problem.status === 429 ? t("Too many tries. Wait a moment.") : problem.message;
  }
}

/** Make the element known. */
export function definePasskey(): void {
  customElements.define("vs-passkey", Passkey);
}
