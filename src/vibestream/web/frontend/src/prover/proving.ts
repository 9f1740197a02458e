// Proving, as the page sees it: a promise with progress that always ends, because a clock runs against the thread.
import type { Inputs, Named, Proof, Told } from "./messages";

/** A thread that says nothing for so long has stopped: where a browser refuses it its helpers, snarkjs waits for ever. */
export const SILENT_MS = 60_000;

export type Reason = "timeout" | "cancelled" | "no_worker" | "files" | "refused" | "not_proved" | "broken";

/** Why there is no proof. */
export class ProvingFailed extends Error {
  constructor(
    readonly reason: Reason,
    detail = "",
  ) {
    super(detail || reason);
    this.name = "ProvingFailed";
  }
}

export interface Circuit {
  worker: string;
  files: readonly [Named, Named, Named];
}

export interface Options {
  singleThread: boolean;
  signal: AbortSignal;
  silentMs?: number;
  onStep: (step: "files" | "proof" | "check", share: number) => void;
}

/** Prove in a thread of its own; whatever happens, the thread is gone afterwards. Throws ProvingFailed. */
export function prove(circuit: Circuit, input: Inputs, options: Options): Promise<{ proof: Proof; publicSignals: string[] }> {
  return new Promise((resolve, reject) => {
    let worker: Worker;
    try {
      worker = new Worker(circuit.worker);
    } catch (error) {
      return reject(new ProvingFailed("no_worker", String(error)));
    }
    let clock: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(clock);
      options.signal.removeEventListener("abort", cancelled);
      worker.terminate();
    };
    const fail = (reason: Reason, detail = "") => {
      end();
      reject(new ProvingFailed(reason, detail));
    };
    const heard = () => {
      clearTimeout(clock);
      clock = setTimeout(() => fail("timeout"), options.silentMs ?? SILENT_MS);
    };
    const cancelled = () => fail("cancelled");
    worker.addEventListener("error", (event) => fail("no_worker", event.message));
    worker.addEventListener("message", ({ data }: MessageEvent<Told>) => {
      heard();
      if (data.kind === "step") return options.onStep(data.step, data.share ?? 0);
      if (data.kind === "failed") return fail(data.reason, data.detail);
      end();
      resolve({ proof: data.proof, publicSignals: data.publicSignals });
    });
    if (options.signal.aborted) return cancelled();
    options.signal.addEventListener("abort", cancelled);
    heard();
    worker.postMessage({ input, files: circuit.files, singleThread: options.singleThread });
  });
}
