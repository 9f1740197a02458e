// Moving between pages without leaving the document: links and forms are boosted by htmx, which swaps `<main>` alone, so
// that the player beside it plays on. What a full page load would do for people is done here: the place in the navigation,
// the focus, the title aloud, and an answer when there is none.
import { t } from "../text";
import { toast } from "./toast";

interface Context {
  request: { action: string; method: string };
  response?: { raw: Response };
  target?: Element | string;
}

/** Listen to htmx's events for as long as the document lives. */
export function startNavigation(): void {
  let underWay = 0;
  document.addEventListener("htmx:before:request", (event) => {
    if (!mayLeave(contextOf(event))) {
      event.preventDefault();
      return;
    }
    underWay += 1;
    document.documentElement.dataset["loading"] = "";
  });
  document.addEventListener("htmx:finally:request", () => {
    underWay = Math.max(0, underWay - 1);
    if (!underWay) delete document.documentElement.dataset["loading"];
  });
  document.addEventListener("htmx:before:response", refuseWhatIsNoPage);
  document.addEventListener("htmx:after:swap", (event) => afterSwap(contextOf(event)));
  document.addEventListener("htmx:error", (event) => noAnswer(contextOf(event)));
  window.addEventListener("offline", () => toast(t("You are offline. What is loaded goes on working."), "plain"));
  markPlace();
}

function contextOf(event: Event): Context | undefined {
  return (event as CustomEvent<{ ctx?: Context }>).detail.ctx;
}

/** Whether what was typed here and not saved may be left. */
function mayLeave(context: Context | undefined): boolean {
  const main = document.getElementById("main");
  const leaves = context?.request.method === "GET" && (context.target === main || context.target === "#main");
  const unsaved = document.querySelector<HTMLElement>("form[data-guard] [data-part=unsaved]");
  if (!leaves || !unsaved || unsaved.hidden) return true;
  return window.confirm(t("What you typed is not saved. Leave the page?"));
}

/** An answer that is not a page (problem+json, a file) must not empty the page that is shown. */
function refuseWhatIsNoPage(event: Event): void {
  const context = contextOf(event);
  const response = context?.response?.raw;
  if (!context || !response || response.status === 204) return;
  if (response.headers.get("Content-Type")?.startsWith("text/html")) return;
  event.preventDefault();
  if (context.request.method === "GET") location.assign(response.url || context.request.action);
  else void sayProblem(response);
}

async function sayProblem(response: Response): Promise<void> {
  let detail = "";
  try {
    detail = ((await response.json()) as { detail?: string }).detail ?? "";
  } catch {
    detail = response.statusText;
  }
  toast(detail || t("That did not work. Try again."), "bad");
}

function afterSwap(context: Context | undefined): void {
  const main = document.getElementById("main");
  if (!main || !context || (context.target !== main && context.target !== "#main")) return;
  markPlace();
  const wrong = main.querySelector<HTMLElement>("[aria-invalid=true], [data-wrong]");
  if (wrong) {
    wrong.focus({ preventScroll: true });
    wrong.scrollIntoView({ block: "center" });
  } else if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
  const aloud = document.getElementById("aloud");
  if (aloud) aloud.textContent = document.querySelector("main h1")?.textContent?.trim() ?? document.title;
}

/** Mark where we are in every navigation: the link to this page, or to the part of the site that it belongs to. */
function markPlace(): void {
  const part = document.querySelector<HTMLElement>("main [data-part-of]")?.dataset["partOf"] ?? location.pathname;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-nav] a")) {
    const path = new URL(link.href).pathname;
    if (path === part) link.setAttribute("aria-current", path === location.pathname ? "page" : "true");
    else link.removeAttribute("aria-current");
  }
  for (const strip of document.querySelectorAll<HTMLElement>(".tabs, .sections")) showWhereWeAre(strip);
}

/** Bring the place where we are into a strip that is wider than the screen, without moving the page. */
function showWhereWeAre(strip: HTMLElement): void {
  const here = strip.querySelector<HTMLElement>("[aria-current]");
  if (!here || strip.scrollWidth <= strip.clientWidth) return;
  const [outer, inner] = [strip.getBoundingClientRect(), here.getBoundingClientRect()];
  strip.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}

function noAnswer(context: Context | undefined): void {
  if (!context) return;
  const { action, method } = context.request;
  const again = { label: t("Try again"), run: () => location.assign(action) };
  toast(t("The server did not answer."), "bad", method === "GET" ? again : undefined);
}

