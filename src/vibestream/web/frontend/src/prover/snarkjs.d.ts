// What of snarkjs 0.7.6 is used here; it brings no types.
declare module "snarkjs" {
  export interface Logger {
    info(said: string): void;
    warn(said: string): void;
    error(said: string): void;
    debug(said: string): void;
  }
  interface Memory {
    type: "mem";
    data?: Uint8Array;
  }
  export const wtns: {
    calculate(input: object, program: Uint8Array, witness: Memory): Promise<void>;
  };
  export const groth16: {
    prove(
      key: Memory,
      witness: Memory,
      logger?: Logger,
      options?: { singleThread?: boolean },
    ): Promise<{ proof: Readonly<Record<string, unknown>>; publicSignals: string[] }>;
    verify(key: unknown, publicSignals: string[], proof: object): Promise<boolean>;
  };
}
