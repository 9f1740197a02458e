// The page for when nothing can be reached is kept by a service worker; where there is none, the browser's own is shown.

/** Register the worker once the page is done with everything that is more urgent. */
export function startOffline(): void {
  if (!("serviceWorker" in navigator)) return;
  // A browser may refuse (a private window, site data forbidden): then its own page is shown, as where there is no worker.
  const register = () => void navigator.serviceWorker.register("/service-worker.js").catch(() => undefined);
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
