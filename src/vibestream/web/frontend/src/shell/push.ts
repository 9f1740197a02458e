// <vs-push data-sender="KEY">: a button that has this browser told while no page is open. The browser's vendor carries what it
// is told; the address is reported to us, and the service worker shows what comes.
import { call, Problem } from "../api";
import { bytes, reportOf, same } from "../push-report";
import { t } from "../text";

class Push extends HTMLElement {
  connectedCallback(): void {
    if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
      this.say(t("This browser cannot be told things, or not at this address of the site."));
      return;
    }
    const button = this.querySelector("button")!;
    button.hidden = false;
    button.addEventListener("click", () => void this.press(button));
  }

  private async press(button: HTMLButtonElement): Promise<void> {
    this.say("");
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        this.say(t("Your browser does not let us. Its settings for this site say what it may show."));
        return;
      }
      await subscribe(this.dataset["sender"] ?? "");
      location.assign("/notifications/choices?done=told");
    } catch (error) {
      this.say(error instanceof Problem ? told(error) : t("The push service of your browser did not answer. Try again later."));
    } finally {
      button.disabled = false;
    }
  }

  private say(sentence: string): void {
    const place = this.querySelector<HTMLElement>("[data-part=said]")!;
    place.hidden = sentence === "";
    place.querySelector("p")!.textContent = sentence;
  }
}

/** Subscribe by our key, anew when the browser still has a subscription by a former one, and report where it is. */
async function subscribe(sender: string): Promise<void> {
  const { pushManager } = await navigator.serviceWorker.ready;
  const applicationServerKey = bytes(sender);
  const former = await pushManager.getSubscription();
  if (former !== null && !same(former.options.applicationServerKey, applicationServerKey)) await former.unsubscribe();
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  await call("POST", "/api/v1/me/push-subscriptions", reportOf(made, sender));
}

function told(problem: Problem): string {
  if (problem.code === "notification.subscription_invalid") {
    return t("Nothing can be sent to this browser: what it reported is not the address of a push service.");
  }
  if (problem.code === "network") return t("No answer from the server.");
  return problem.status === 429 ? t("Too many tries. Wait a moment.") : problem.message;
}

/** Make the element known. */
export function definePush(): void {
  customElements.define("vs-push", Push);
}
