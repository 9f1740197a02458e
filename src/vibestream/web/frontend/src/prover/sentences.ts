// Why there is no proof, in words.
import { t } from "../text";
import type { Reason } from "./proving";

const SENTENCES: Readonly<Record<Reason, () => string>> = {
  timeout: () => t("The proof does not get on in this browser. Tick “on one core only” and try again."),
  cancelled: () => t("Stopped. Nothing was sent."),
  no_worker: () => t("This browser did not start the prover. Load the page again, or use another browser."),
  files: () => t("The circuit or its keys did not arrive whole. Load the page again."),
  refused: () => t("The circuit refuses this receipt: it is not what the day was closed with. Tell us, please."),
  not_proved: () => t("The proof came out wrong, so it was not sent. Try again."),
  broken: () => t("The prover stopped. Tick “on one core only” and try again."),
};

/** What somebody is told when no proof came of it. */
export function sentenceOf(reason: Reason): string {
  return SENTENCES[reason]();
}
