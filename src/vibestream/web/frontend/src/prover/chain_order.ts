// An order out of an address of a chain: the wallet of this browser that has its key signs the same words as ours would.
import { t } from "../text";
import { addressOf, BUSY, findProviders, type Provider, REFUSED_BY_ITS_OWNER, signWords } from "../shell/providers";

/** What to tell the listener. */
export class NotSigned extends Error {}

/** Sign words with the key of an address, by whichever wallet of this browser has it. Throws NotSigned. */
export async function signByChain(address: string, text: string): Promise<string> {
  const provider = await holderOf(address);
  let signature: string;
  try {
    signature = await signWords(provider, address, text);
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    if (code === REFUSED_BY_ITS_OWNER) throw new NotSigned(t("It was cancelled in the wallet. Nothing was moved."));
    throw new NotSigned(code === BUSY ? t("The wallet is asking already. Open it.") : t("The wallet cannot do that."));
  }
  return inOneForm(signature);
}

/** The first wallet whose owner gives this address to the site. */
async function holderOf(address: string): Promise<Provider> {
  const found = await allProviders();
  if (found.length === 0) throw new NotSigned(t("This browser has no wallet. Open this page where the wallet of that address is."));
  for (const provider of found) {
    const given = await addressOf(provider).catch(() => undefined);
    if (given?.toLowerCase() === address) return provider;
  }
  throw new NotSigned(t("Choose {address} in your wallet: it is the key of that address that can spend.", { address }));
}

/** Every wallet of this browser: they announce themselves while they are asked, all at once. */
function allProviders(): Promise<Provider[]> {
  const found: Provider[] = [];
  return new Promise((resolve) => {
    const ended = () => resolve(found);
    const end = findProviders((provider) => {
      found.push(provider);
      setTimeout(ended, 0);
    }, ended);
    setTimeout(end, 1_000); // whoever announces itself later is not waited for
  });
}

/** As the server takes it: hexadecimal without 0x, and 27 or 28 at the end where a wallet says 0 or 1. */
function inOneForm(signature: string): string {
  const digits = signature.replace(/^0x/, "").toLowerCase();
  const last = parseInt(digits.slice(-2), 16);
  return last < 2 ? digits.slice(0, -2) + (last + 27).toString(16) : digits;
}
