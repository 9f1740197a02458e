// Trusted Types: the page's policy refuses every string that would become a script. htmx brings its own policy, gated by
// the nonce; this one lets nothing through but addresses of our own bundle.

interface TypesFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

const factory = (globalThis as { trustedTypes?: TypesFactory }).trustedTypes;

factory?.createPolicy("default", {
  createScriptURL(url: string): string {
    const { origin, pathname } = new URL(url, location.href);
    const ours = pathname.startsWith("/static/") || pathname === "/service-worker.js";
    if (origin === location.origin && ours) return url;
    throw new TypeError(`Refused to load a script from ${url}`);
  },
});

export {};
