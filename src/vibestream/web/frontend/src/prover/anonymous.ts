// Requests that say nothing about who makes them: no cookie, no referrer, nothing kept. A network still sees an address.
import { Problem } from "../api";

export async function callAnonymously<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const request: RequestInit = {
    method,
    credentials: "omit",
    referrerPolicy: "no-referrer",
    cache: "no-store",
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  let answer: Response;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new Problem(0, "network", "No answer from the server.");
  }
  const told = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
  if (!answer.ok) throw new Problem(answer.status, told.code ?? "unknown", told.detail ?? answer.statusText);
  return told as Answer;
}
