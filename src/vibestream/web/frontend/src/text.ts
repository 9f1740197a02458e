// What the islands say, in the page's language. Catalogue entries come with the page; what is missing is said in English.

type Entry = string | [string, string];
type Values = Readonly<Record<string, string | number>>;

const catalogue: Record<string, Entry> = JSON.parse(document.getElementById("messages")?.textContent || "{}");

/** The page's language as the browser's formatters want it. */
export const locale = document.documentElement.lang || "en";

/** Say a sentence, with `{name}` replaced by values. */
export function t(message: string, values: Values = {}): string {
  const found = catalogue[message];
  return fill(typeof found === "string" ? found : message, values);
}

/** Say a sentence in the singular for exactly one, else in the plural; `{n}` is the count. */
export function tn(one: string, many: string, count: number): string {
  const found = catalogue[one];
  const [single, plural] = Array.isArray(found) ? found : [one, many];
  return fill(count === 1 ? single : plural, { n: count.toLocaleString(locale) });
}

/** Milliseconds as m:ss, or h:mm:ss from an hour on. */
export function clock(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(seconds).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Milliseconds as words, for those who listen to the page: "1 minute 5 seconds". */
export function spoken(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const part = (value: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(value);
  const minutes = Math.floor(whole / 60);
  return minutes ? `${part(minutes, "minute")} ${part(whole % 60, "second")}` : part(whole, "second");
}

/** Bytes in the unit that people read file sizes in. */
export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[step] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(bytes / 1000 ** step);
}

function fill(sentence: string, values: Values): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
