// Short messages in the corner. They are spoken, stay long enough to be read, and can be dismissed.
import { icon } from "../icons";
import { t } from "../text";

type Tone = "plain" | "good" | "bad";

interface Action {
  label: string;
  run: () => void;
}

const STAY_MS = 8_000;
const ICONS: Record<Tone, string> = { plain: "info", good: "done", bad: "error" };

/** Show a message; one that offers an action, or reports a failure, stays until it is dismissed. */
export function toast(message: string, tone: Tone = "plain", action?: Action): HTMLElement {
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  const text = document.createElement("p");
  text.textContent = message;
  box.append(icon(ICONS[tone]), text);
  if (action) box.append(actionButton(box, action));
  box.append(closeButton(box));
  document.getElementById("toasts")?.append(box);
  if (tone !== "bad" && !action) setTimeout(() => box.remove(), STAY_MS);
  return box;
}

function actionButton(box: HTMLElement, action: Action): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button compact";
  button.textContent = action.label;
  button.addEventListener("click", () => {
    box.remove();
    action.run();
  });
  return button;
}

function closeButton(box: HTMLElement): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast-close";
  button.setAttribute("aria-label", t("Dismiss"));
  button.append(icon("close"));
  button.addEventListener("click", () => box.remove());
  return button;
}
