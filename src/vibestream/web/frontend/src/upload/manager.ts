// Uploads belong to the document, not to a page: they go on while their artist looks at something else. Each file goes by
// tus, so that a cut connection, a closed laptop or a reload costs nothing that had arrived.
import { Upload, type DetailedError } from "tus-js-client";
import { size, t } from "../text";

export type Stage = "waiting" | "sending" | "stuck" | "refused" | "arrived";

export interface Item {
  readonly key: string;
  readonly file: File;
  stage: Stage;
  sent: number;
  /** The server's id, from the moment that it knows of the upload. */
  uploadId: string;
  /** Why it is stuck or refused. */
  reason: string;
}

const AT_ONCE = 2;
const RETRY_AFTER_MS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000];
const ENDPOINT = "/api/v1/tus";

const items = new Map<string, Item>();
const running = new Map<string, Upload>();

/** What is known of every file that was chosen since the document was loaded, in order. */
export function all(): Item[] {
  return [...items.values()];
}

/** Take files to send; one that is under way already is not taken twice. */
export function add(files: Iterable<File>): void {
  for (const file of files) {
    const key = `${file.name}/${file.size}/${file.lastModified}`;
    const known = items.get(key);
    if (known && known.stage !== "refused") {
      if (known.stage === "stuck") retry(key);
      continue;
    }
    items.set(key, { key, file, stage: "waiting", sent: 0, uploadId: "", reason: "" });
  }
  next();
}

/** Try again what got stuck. */
export function retry(key: string): void {
  const item = items.get(key);
  if (item?.stage !== "stuck") return;
  item.stage = "waiting";
  next();
}

/** Stop sending a file and forget it, here and on the server. */
export async function cancel(key: string): Promise<void> {
  const upload = running.get(key);
  running.delete(key);
  items.delete(key);
  next();
  await upload?.abort(true);
}

/** Forget what has arrived: the server shows it now. */
export function forgetArrived(): void {
  for (const [key, item] of items) if (item.stage === "arrived") items.delete(key);
  changed();
}

function next(): void {
  const waiting = all().filter((item) => item.stage === "waiting");
  while (running.size < AT_ONCE && waiting.length) {
    const item = waiting.shift();
    if (item) void send(item);
  }
  changed();
}

async function send(item: Item): Promise<void> {
  item.stage = "sending";
  item.reason = "";
  const upload = new Upload(item.file, {
    endpoint: ENDPOINT,
    retryDelays: RETRY_AFTER_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: item.file.name, filetype: item.file.type || "application/octet-stream" },
    onUploadUrlAvailable: () => noteId(item, upload),
    onProgress: (sent) => {
      item.sent = sent;
      changed();
    },
    onSuccess: () => {
      noteId(item, upload);
      item.stage = "arrived";
      item.sent = item.file.size;
      ended(item);
    },
    onError: (error) => {
      [item.stage, item.reason] = verdict(error as DetailedError);
      ended(item);
    },
  });
  running.set(item.key, upload);
  const [before] = await upload.findPreviousUploads();
  if (!running.has(item.key)) return;
  if (before) upload.resumeFromPreviousUpload(before);
  upload.start();
}

function noteId(item: Item, upload: Upload): void {
  item.uploadId = upload.url?.split("/").pop() ?? "";
  changed();
}

function ended(item: Item): void {
  running.delete(item.key);
  if (item.stage === "arrived") document.dispatchEvent(new CustomEvent("vs:upload.stored", { detail: null }));
  next();
}

/** What an error means for a file: the server will never take it, or it got stuck on the way. */
function verdict(error: DetailedError): [Stage, string] {
  const response = error.originalResponse;
  const status = response?.getStatus() ?? 0;
  if (status < 400 || status >= 500) return ["stuck", t("The connection was lost.")];
  try {
    return ["refused", refusal(JSON.parse(response?.getBody() ?? "") as Refusal)];
  } catch {
    return ["refused", t("The server refused this file.")];
  }
}

interface Refusal {
  code?: string;
  facts?: { limit_bytes?: number; limit?: number };
}

/** Why the server does not take a file, and what to do about it. */
function refusal({ code, facts }: Refusal): string {
  switch (code) {
    case "upload.empty":
      return t("The file is empty. Export it again and upload the new file.");
    case "upload.too_large":
      return t("The file is larger than {size}, the most that is taken here.", { size: size(facts?.limit_bytes ?? 0) });
    case "upload.too_many_unfinished":
      return t("There are {n} unfinished uploads. Finish or drop one first.", { n: facts?.limit ?? 0 });
    case "upload.no_room":
      return t("We have run out of room. What you sent is safe; try again later.");
    case "access.not_signed_in":
      return t("You were signed out.");
    default:
      return t("The server refused this file.");
  }
}

let pending = false;

/** Tell whoever shows uploads, at most once a frame. */
function changed(): void {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    document.dispatchEvent(new CustomEvent("vs:uploads"));
  });
}

addEventListener("online", () => {
  for (const item of all()) if (item.stage === "stuck") retry(item.key);
});

addEventListener("beforeunload", (event) => {
  if (running.size) event.preventDefault();
});
