// Single keys for the player and the page. They do nothing while somebody types, and can be switched off for good, since
// speech input and slips of the hand would press them by accident (WCAG 2.1.4).

const OFF = "vs-shortcuts-off";

type Command = "toggle" | "next" | "previous" | "forward" | "back" | "mute" | "louder" | "quieter" | "queue";

const KEYS: Readonly<Record<string, Command>> = {
  " ": "toggle",
  k: "toggle",
  n: "next",
  p: "previous",
  l: "forward",
  j: "back",
  m: "mute",
  q: "queue",
  "+": "louder",
  "-": "quieter",
};

/** Turn keys into `vs:command` events of the document, and `?` into the list of keys. */
export function startShortcuts(): void {
  const choice = document.getElementById("shortcuts-on");
  if (choice instanceof HTMLInputElement) {
    choice.checked = localStorage.getItem(OFF) === null;
    choice.addEventListener("change", () => {
      if (choice.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "");
    });
  }
  document.addEventListener("keydown", pressed);
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || busy(event)) return;
  if (event.key === "?") {
    const help = document.getElementById("shortcuts");
    if (help instanceof HTMLDialogElement && !help.open) help.showModal();
    return;
  }
  const command = KEYS[event.key];
  if (!command || localStorage.getItem(OFF) !== null || document.querySelector("dialog:modal")) return;
  event.preventDefault();
  document.dispatchEvent(new CustomEvent("vs:command", { detail: command }));
}

/** Whether the key means something where the focus is. */
function busy(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (target.isContentEditable || target.matches("input:not([type=range]), textarea, select")) return true;
  return event.key === " " && target.matches("a, button, summary, input, [role=slider]");
}
