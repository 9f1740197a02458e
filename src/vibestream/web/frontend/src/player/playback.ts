// Where a song's sound is: signed addresses that run out. Asked for in the name of a listen, so that the server can tell
// what it served to it; without one for those who are not signed in.
import { call } from "../api";

export interface Playback {
  /** The AAC ladder's master playlist. */
  master_url: string;
  /** The lossless master, where the source is lossless and it is packaged. */
  lossless_url?: string | null;
  /** What brings the song to the common loudness. */
  gain_db?: number | null;
}

/** Get fresh addresses of a track. Throws the server's Problem. */
export function grantPlayback(trackId: string, listenId?: string): Promise<Playback> {
  return call<Playback>("POST", `/api/v1/tracks/${trackId}/playback`, { listen_id: listenId ?? null });
}
