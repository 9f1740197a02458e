// What this browser keeps of receipts, in IndexedDB: secrets by their commitments, and claims by the summary that they are of.
import type { Proof } from "./messages";

export interface Kept {
  commitment: string;
  /** Decimal. */
  secret: string;
  madeAt: number;
}

export interface Claim {
  /** The epoch, a colon, the place of the summary. */
  id: string;
  commitment: string;
  epoch: string;
  place: number;
  units: number;
  deployment: string;
  wallet: string;
  state: "waiting" | "paid" | "refused";
  /** When it is to be sent: milliseconds. */
  sendAt: number;
  body: { proof: Proof; public_signals: string[]; epoch: string; wallet: string; expires_at: string; accepts_recognition?: true };
  paidMinor?: number;
  /** Why it was refused, or failed the last time. */
  code?: string;
}

const NAME = "vibestream-receipts";
type Store = "secrets" | "claims";

export const secrets = {
  all: () => read<Kept[]>("secrets", (store) => store.getAll()),
  put: (kept: Kept) => write("secrets", (store) => store.put(kept)),
};

export const claims = {
  all: () => read<Claim[]>("claims", (store) => store.getAll()),
  get: (id: string) => read<Claim | undefined>("claims", (store) => store.get(id)),
  put: async (claim: Claim) => {
    await write("claims", (store) => store.put(claim));
    document.dispatchEvent(new CustomEvent("vs:claims"));
  },
};

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("secrets", { keyPath: "commitment" });
      asked.result.createObjectStore("claims", { keyPath: "id" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB"));
  });
  return opened;
}

async function read<Found>(name: Store, ask: (store: IDBObjectStore) => IDBRequest): Promise<Found> {
  const asked = ask((await database()).transaction(name).objectStore(name));
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result as Found);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB"));
  });
}

/** Write, and return when it is on the disk: a secret that was registered must not be lost with the power. */
async function write(name: Store, ask: (store: IDBObjectStore) => IDBRequest): Promise<void> {
  const transaction = (await database()).transaction(name, "readwrite", { durability: "strict" });
  ask(transaction.objectStore(name));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB"));
  });
}
