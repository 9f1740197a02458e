// Instants, written in the reader's own time zone. The server writes them in UTC, since it does not know where anybody is.
import { locale } from "../text";

const FORMAT = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** Write every instant of the page, now and after each swap. */
export function startMoments(): void {
  write();
  document.addEventListener("htmx:after:swap", write);
}

function write(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-moment]")) {
    const text = FORMAT.format(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}
