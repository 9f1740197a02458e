// <vs-uploader>: where files are dropped, and a row for each that is on its way. What has arrived is the server's to show.
import { setIcon } from "../icons";
import { toast } from "../shell/toast";
import { size, t, tn } from "../text";
import { add, all, cancel, forgetArrived, retry, type Item } from "./manager";

const SOUNDS = /\.(flac|wav|wave|aif|aiff|aifc|mp3|m4a|mp4|aac|ogg|oga|opus)$/i;

class Uploader extends HTMLElement {
  private readonly rows = new Map<string, HTMLElement>();

  connectedCallback(): void {
    this.querySelector("input")?.addEventListener("change", this.chosen);
    for (const name of ["dragenter", "dragover"]) this.addEventListener(name, this.over);
    this.addEventListener("dragleave", this.away);
    this.addEventListener("drop", this.dropped);
    this.addEventListener("click", this.clicked);
    document.addEventListener("vs:uploads", this.show);
    document.addEventListener("htmx:before:settle", this.hideDoubles);
    this.show();
  }

  disconnectedCallback(): void {
    document.removeEventListener("vs:uploads", this.show);
    document.removeEventListener("htmx:before:settle", this.hideDoubles);
  }

  private readonly chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    this.take([...(input.files ?? [])]);
    input.value = "";
  };

  private readonly over = (event: Event): void => {
    event.preventDefault();
    this.toggleAttribute("data-over", true);
  };

  private readonly away = (event: Event): void => {
    if (!this.contains((event as DragEvent).relatedTarget as Node | null)) this.toggleAttribute("data-over", false);
  };

  private readonly dropped = (event: Event): void => {
    event.preventDefault();
    this.toggleAttribute("data-over", false);
    const transfer = (event as DragEvent).dataTransfer;
    if (transfer) void filesOf(transfer).then((files) => this.take(files));
  };

  private readonly clicked = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-action]");
    const key = button?.closest<HTMLElement>("[data-key]")?.dataset["key"];
    if (!button || key === undefined) return;
    if (button.dataset["action"] === "retry") retry(key);
    else void cancel(key);
  };

  private take(files: File[]): void {
    const sounds = files.filter((file) => SOUNDS.test(file.name) || file.type.startsWith("audio/"));
    const left = files.length - sounds.length;
    if (left) toast(tn("{n} file is not audio and was left out.", "{n} files are not audio and were left out.", left));
    add(sounds.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true })));
  }

  private readonly show = (): void => {
    const pattern = this.querySelector<HTMLTemplateElement>("template");
    const list = this.querySelector("[data-part=list]");
    if (!pattern || !list) return;
    const items = all().filter((item) => item.stage !== "arrived");
    for (const [key, row] of this.rows) {
      if (items.some((item) => item.key === key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    for (const item of items) {
      const row = this.rows.get(item.key) ?? this.addRow(item, pattern, list);
      fill(row, item);
    }
    this.hideDoubles();
  };

  private addRow(item: Item, pattern: HTMLTemplateElement, list: Element): HTMLElement {
    const row = (pattern.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
    row.dataset["key"] = item.key;
    list.append(row);
    this.rows.set(item.key, row);
    return row;
  }

  /** The server lists a file that is being sent as interrupted; here it is known better. */
  private readonly hideDoubles = (): void => {
    const sending = new Set(all().flatMap((item) => (item.stage === "arrived" ? [] : [item.uploadId])));
    for (const row of document.querySelectorAll<HTMLElement>("[data-upload]")) {
      row.toggleAttribute("data-doubled", sending.has(row.dataset["upload"] ?? ""));
    }
  };
}

function fill(row: HTMLElement, item: Item): void {
  const part = (name: string) => row.querySelector<HTMLElement>(`[data-part="${name}"]`);
  const set = (name: string, text: string) => {
    const found = part(name);
    if (found && found.textContent !== text) found.textContent = text;
  };
  const share = item.file.size ? item.sent / item.file.size : 0;
  set("name", item.file.name);
  set("size", size(item.file.size));
  set("says", saysOf(item, share));
  row.dataset["stage"] = item.stage;
  const bar = part("bar") as HTMLProgressElement | null;
  if (bar) {
    bar.value = share * 100;
    bar.setAttribute("aria-label", t("Sent of {name}", { name: item.file.name }));
    bar.className = `progress ${item.stage === "stuck" || item.stage === "refused" ? "stopped" : ""}`;
  }
  const mark = part("mark");
  if (mark) setIcon(mark, { waiting: "clock", sending: "upload", stuck: "warning", refused: "error", arrived: "done" }[item.stage]);
  const again = part("retry");
  if (again) again.hidden = item.stage !== "stuck";
  part("cancel")?.setAttribute("aria-label", t("Leave {name} out", { name: item.file.name }));
}

function saysOf(item: Item, share: number): string {
  if (item.stage === "waiting") return t("Waiting");
  if (item.stage === "sending") return `${Math.floor(share * 100)} %`;
  return item.reason;
}

/** The files of a drop, those in dropped folders included. */
async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (!entries.length) return [...transfer.files];
  const found = await Promise.all(entries.map(filesIn));
  return found.flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesIn))).flat();
}

/** How far all of it is, in the navigation, wherever the artist is. */
function showOverall(): void {
  const items = all();
  const open = items.filter((item) => item.stage === "sending" || item.stage === "waiting");
  const total = items.reduce((sum, item) => sum + item.file.size, 0);
  const sent = items.reduce((sum, item) => sum + item.sent, 0);
  for (const chip of document.querySelectorAll<HTMLElement>("[data-uploads]")) {
    chip.hidden = !open.length;
    chip.textContent = open.length ? `${Math.floor((sent / Math.max(1, total)) * 100)} %` : "";
  }
  if (items.length && items.every((item) => item.stage === "arrived")) {
    if (!document.querySelector("vs-uploader")) toast(t("Every file has arrived."), "good");
    forgetArrived();
  }
}

/** Register the element, and follow uploads for as long as the document lives. */
export function defineUploader(): void {
  customElements.define("vs-uploader", Uploader);
  document.addEventListener("vs:uploads", showOverall);
}
