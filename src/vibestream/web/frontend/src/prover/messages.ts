// What the page and the prover's thread say to each other.

/** A file by its address and the SHA-256 that it must have. */
export interface Named {
  url: string;
  sha256: string;
}

/** The circuit's inputs by its names for them; numbers as decimal text. */
export type Inputs = Readonly<Record<string, string | string[]>>;

export interface Asked {
  input: Inputs;
  /** Program, proving key, verifying key. */
  files: readonly [Named, Named, Named];
  singleThread: boolean;
}

export type Proof = Readonly<Record<string, unknown>>;

export type Told =
  | { kind: "step"; step: "files" | "proof" | "check"; share?: number }
  | { kind: "done"; proof: Proof; publicSignals: string[] }
  | { kind: "failed"; reason: "files" | "refused" | "not_proved" | "broken"; detail: string };
