// What the player knows of a song: what it shows, and where the song comes from.

export interface Track {
  id: string;
  title: string;
  artist: string;
  artistUrl: string;
  release: string;
  releaseUrl: string;
  cover: string;
  durationMs: number;
}

/** Read a queue that the server wrote into a page. */
export function tracksOf(holder: HTMLElement): Track[] {
  return JSON.parse(holder.dataset["queue"] ?? "[]") as Track[];
}
