// Where a song's sound is: signed addresses that run out. Asked for in the name of a listen, so that the server can tell
// what it served to it; without one for those who are not signed in.
import { call } from "../api";

export interface Playback {
  /** One HLS master playlist a family: `lossy` is the AAC ladder, `lossless` the FLAC beside it. */
  masters: { family: "lossy" | "lossless"; url: string }[];
  /** What brings the song to the common loudness. */
  gain_db: number;
}

/** Get fresh addresses of a track. Throws the server's Problem. */
export function grantPlayback(trackId: string, listenId?: string): Promise<Playback> {
  return call<Playback>("POST", `/api/v1/tracks/${trackId}/playback`, { listen_id: listenId ?? null });
}
