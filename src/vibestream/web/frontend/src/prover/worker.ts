// The prover's own thread: fetches the circuit and its key, checks that they are what the page names, proves, and verifies what
// it proved. It is sent a secret and sends back a proof; it asks the network for files only. Ended from outside, it is gone.
import * as snarkjs from "snarkjs";
import type { Asked, Told } from "./messages";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const PARTS = 21;
/** Of a proof: what snarkjs says that it begins with, one after the other. */

scope.addEventListener("message", (event: MessageEvent<Asked>) => void work(event.data));

async function work(asked: Asked): Promise<void> {
  try {
    tell({ kind: "step", step: "files" });
    const [program, provingKey, verifyingKey] = await Promise.all(asked.files.map(file));
    tell({ kind: "step", step: "proof", share: 0 });
    const witness = { type: "mem" as const };
    await snarkjs.wtns.calculate(asked.input, program!, witness);
    const options = { singleThread: asked.singleThread };
    const made = await snarkjs.groth16.prove({ type: "mem", data: provingKey! }, witness, progress(), options);
    // snarkjs verifies with helper threads only. Where there may be none, the server is the first to verify.
    if (!asked.singleThread) {
      tell({ kind: "step", step: "check" });
      const key: unknown = JSON.parse(new TextDecoder().decode(verifyingKey));
      if (!(await snarkjs.groth16.verify(key, made.publicSignals, made.proof))) throw new Failure("not_proved");
    }
    tell({ kind: "done", proof: made.proof, publicSignals: made.publicSignals });
  } catch (error) {
    // The circuit's own refusal names a line of its source: the receipt, the path or the root is not what it was.
    const refused = error instanceof Error && /assert/i.test(error.message);
    tell({ kind: "failed", reason: error instanceof Failure ? error.reason : refused ? "refused" : "broken", detail: String(error) });
  }
}

class Failure extends Error {
  constructor(readonly reason: "files" | "not_proved") {
    super(reason);
  }
}

async function file({ url, sha256 }: Asked["files"][number]): Promise<Uint8Array> {
  let data: ArrayBuffer;
  try {
    const answer = await fetch(url, { credentials: "omit" });
    if (!answer.ok) throw new Failure("files");
    data = await answer.arrayBuffer();
  } catch {
    throw new Failure("files");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Failure("files");
  return new Uint8Array(data);
}

/** A logger that counts the parts of a proof that snarkjs says it begins with. */
function progress(): snarkjs.Logger {
  const begun = new Set<string>();
  const quiet = () => undefined;
  return {
    info: quiet,
    warn: quiet,
    error: quiet,
    debug(said: string): void {
      const part = said.split(":")[0]!;
      if (begun.has(part)) return;
      begun.add(part);
      tell({ kind: "step", step: "proof", share: Math.min(1, begun.size / PARTS) });
    },
  };
}

function tell(told: Told): void {
  scope.postMessage(told);
}
