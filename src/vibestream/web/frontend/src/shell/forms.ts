// Small help for forms that work without it: no double submits, confirmation dialogs of our own, codes typed in one go.
import { t } from "../text";

/** Listen for submits and clicks for as long as the document lives. */
export function startForms(): void {
  document.addEventListener("submit", once);
  document.addEventListener("click", (event) => {
    const opener = (event.target as Element).closest<HTMLElement>("[data-opens]");
    if (opener) open(opener);
    const closer = (event.target as Element).closest<HTMLElement>("[data-closes]");
    closer?.closest("dialog")?.close();
  });
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLElement;
    if (field.matches("input[data-sends]")) (field as HTMLInputElement).form?.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    noteUnsaved(event.target as HTMLElement);
    const field = event.target as HTMLInputElement;
    if (field.matches("input[data-digits]")) field.value = field.value.replace(/\D/g, "").slice(0, Number(field.dataset["digits"]));
    if (field.matches("textarea[maxlength][data-counts]")) count(field as unknown as HTMLTextAreaElement);
  });
}

/** A form that leaves the page is sent once: its button says so and takes no second press. */
function once(event: SubmitEvent): void {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset["sent"] !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset["sent"] = "";
  const restore = () => delete form.dataset["sent"];
  window.addEventListener("pageshow", restore, { once: true });
  setTimeout(restore, 4_000);
}

/** What was typed and not saved is said beside the button, and asked about before the page is left. */
function noteUnsaved(field: HTMLElement): void {
  const form = field.closest<HTMLFormElement>("form[data-guard]");
  const said = form?.querySelector<HTMLElement>("[data-part=unsaved]");
  if (said) said.hidden = false;
}

addEventListener("beforeunload", (event) => {
  const said = document.querySelector<HTMLElement>("form[data-guard] [data-part=unsaved]");
  if (said && !said.hidden && document.querySelector("form[data-guard][data-sent]") === null) event.preventDefault();
});

function open(opener: HTMLElement): void {
  const dialog = document.getElementById(opener.dataset["opens"] ?? "");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

function count(field: HTMLTextAreaElement): void {
  const left = document.getElementById(field.dataset["counts"] ?? "");
  if (left) left.textContent = t("{n} characters left", { n: field.maxLength - field.value.length });
}
