// Claims that wait are sent when their time has come, from whichever page of the site is open then, one at a time.
import { Problem } from "../api";
import { callAnonymously } from "./anonymous";
import { type Claim, claims } from "./vault";

const LOOK_EVERY_MS = 5_000;
const AGAIN_AFTER_MS = 60_000;

/** Send what is due now, and look again every few seconds. Of several tabs one sends. */
export function startSending(): void {
  if (!("locks" in navigator) || !("indexedDB" in globalThis)) return;
  const look = () =>
    void navigator.locks.request("vs-claims", { ifAvailable: true }, async (lock) => {
      if (lock) await sendDue();
    });
  setInterval(look, LOOK_EVERY_MS);
  look();
}

async function sendDue(): Promise<void> {
  for (const claim of await claims.all()) {
    if (claim.state === "waiting" && claim.sendAt <= Date.now()) await send(claim);
  }
}

/** Send a claim, and keep what came of it. One that was paid before, to this same wallet, is paid. */
async function send(claim: Claim): Promise<void> {
  const { code: _, ...untried } = claim;
  try {
    const paid = await callAnonymously<{ amount_vibe_minor: number }>("POST", "/api/v1/claims", claim.body);
    await claims.put({ ...untried, state: "paid", paidMinor: paid.amount_vibe_minor });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "claims.spent") return settleSpent(untried);
    const again = error.passing ? { state: "waiting" as const, sendAt: Date.now() + AGAIN_AFTER_MS } : { state: "refused" as const };
    await claims.put({ ...untried, ...again, code: error.code });
  }
}

async function settleSpent(claim: Claim): Promise<void> {
  const held = await callAnonymously<{ received_minor: number }>("GET", `/api/v1/claim-wallets/${claim.wallet}`);
  const others = (await claims.all()).filter((one) => one.id !== claim.id && one.wallet === claim.wallet);
  const rest = held.received_minor - others.reduce((sum, one) => sum + (one.paidMinor ?? 0), 0);
  if (rest > 0) await claims.put({ ...claim, state: "paid", paidMinor: rest });
  else await claims.put({ ...claim, state: "refused", code: "claims.spent" });
}
