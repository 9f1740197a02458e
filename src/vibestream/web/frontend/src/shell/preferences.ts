// Theme and language. The server writes the theme into the page from a cookie, so there is no flash; here it changes at once.

const YEAR_S = 31_536_000;

/** Let the theme buttons act without a round trip; without this script they are ordinary form buttons. */
export function startPreferences(): void {
  document.addEventListener("submit", (event) => {
    const submitter = (event as SubmitEvent).submitter;
    if (!(submitter instanceof HTMLButtonElement) || submitter.name !== "theme") return;
    event.preventDefault();
    event.stopPropagation();
    setTheme(submitter.value);
  }, true);
}

function setTheme(theme: string): void {
  document.documentElement.dataset["theme"] = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `vs_theme=${theme}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[name="theme"]')) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  document.dispatchEvent(new CustomEvent("vs:theme"));
}
