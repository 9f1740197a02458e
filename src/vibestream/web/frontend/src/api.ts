// The JSON API as the islands see it: one place that speaks HTTP, and one error type that carries the problem's facts.

/** An answer that is not a success: RFC 9457 problem details, or nothing readable. `status` 0 means no answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "Problem";
  }

  /** Whether the same request may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Send JSON and read JSON. */
export async function call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const request: RequestInit = { method, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Problem(0, "network", "No answer from the server.");
  }
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

/** Send JSON while the page goes away; the browser delivers it afterwards. Says whether it was taken. */
export function sendAway(path: string, body?: unknown): boolean {
  if (body === undefined) return navigator.sendBeacon(path);
  return navigator.sendBeacon(path, new Blob([JSON.stringify(body)], { type: "application/json" }));
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const told = (await response.json()) as { code?: string; detail?: string; title?: string };
    return new Problem(response.status, told.code ?? "unknown", told.detail ?? told.title ?? response.statusText);
  } catch {
    return new Problem(response.status, "unknown", response.statusText);
  }
}
