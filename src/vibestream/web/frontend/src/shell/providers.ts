// Wallets of a chain that this browser has: as EIP-6963 announces them, or at `window.ethereum` (EIP-1193) where only that is there.

export interface Provider {
  request(asked: { method: string; params?: unknown[] }): Promise<unknown>;
}

interface Announced {
  info: { uuid: string; name: string };
  provider: Provider;
}

/** Wallets answer at once; one that is slower is found when the page is opened again. */
const ANNOUNCED_WITHIN_MS = 300;
export const REFUSED_BY_ITS_OWNER = 4001;
export const BUSY = -32002;

/** Tell of each wallet by its name (none: the one there is), and when there is none at all. Returns what ends the search. */
export function findProviders(found: (provider: Provider, name?: string) => void, none: () => void): () => void {
  const known = new Set<string>();
  const heard = (event: Event) => {
    const told = (event as CustomEvent<Announced>).detail;
    if (!told?.info?.uuid || known.has(told.info.uuid)) return;
    known.add(told.info.uuid);
    found(told.provider, told.info.name);
  };
  addEventListener("eip6963:announceProvider", heard);
  dispatchEvent(new Event("eip6963:requestProvider"));
  const clock = setTimeout(() => {
    if (known.size > 0) return;
    const only = (window as { ethereum?: Provider }).ethereum;
    if (only) found(only);
    else none();
  }, ANNOUNCED_WITHIN_MS);
  return () => {
    clearTimeout(clock);
    removeEventListener("eip6963:announceProvider", heard);
  };
}

/** Have a wallet sign words with the key of an address, as `personal_sign` does: 0x and 65 bytes, hexadecimal. */
export async function signWords(provider: Provider, address: string, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const data = "0x" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return (await provider.request({ method: "personal_sign", params: [data, address] })) as string;
}

/** The address that a wallet's owner chooses for this site; undefined: none. */
export async function addressOf(provider: Provider): Promise<string | undefined> {
  const [address] = (await provider.request({ method: "eth_requestAccounts" })) as string[];
  return address;
}
