// The queue: a list, a place in it, and the order in which it is walked. Pure state; the player acts on what it says.
import type { Track } from "./track";

export type Repeat = "off" | "all" | "one";

export interface QueueState {
  source: string;
  tracks: Track[];
  /** Indices into `tracks` in the order of playing. */
  order: number[];
  /** Place in `order`; -1 for an empty queue. */
  place: number;
  shuffle: boolean;
  repeat: Repeat;
}

export const EMPTY: QueueState = { source: "", tracks: [], order: [], place: -1, shuffle: false, repeat: "off" };

/** A queue of these tracks that begins with the one at `index`. */
export function begin(state: QueueState, source: string, tracks: Track[], index: number): QueueState {
  const order = state.shuffle ? shuffled(tracks.length, index) : tracks.map((_, each) => each);
  return { ...state, source, tracks, order, place: order.indexOf(index) };
}

/** The track that is on. */
export function current(state: QueueState): Track | undefined {
  return state.tracks[state.order[state.place] ?? -1];
}

/** What comes after, in order of playing. */
export function upcoming(state: QueueState): { track: Track; place: number }[] {
  return state.order.slice(state.place + 1).flatMap((index, offset) => {
    const track = state.tracks[index];
    return track ? [{ track, place: state.place + 1 + offset }] : [];
  });
}

/** The state after the track ended (`byItself`) or somebody asked for the next; undefined at the end. */
export function next(state: QueueState, byItself: boolean): QueueState | undefined {
  if (byItself && state.repeat === "one") return state;
  if (state.place + 1 < state.order.length) return { ...state, place: state.place + 1 };
  if (state.repeat === "off") return undefined;
  const order = state.shuffle ? shuffled(state.tracks.length, undefined) : state.order;
  return { ...state, order, place: 0 };
}

/** The state after somebody asked for the one before. */
export function previous(state: QueueState): QueueState {
  if (state.place > 0) return { ...state, place: state.place - 1 };
  return state.repeat === "all" ? { ...state, place: state.order.length - 1 } : state;
}

/** Shuffle what is still to come, or put the order back; what is on stays on. */
export function setShuffle(state: QueueState, shuffle: boolean): QueueState {
  const index = state.order[state.place] ?? 0;
  const order = shuffle ? shuffled(state.tracks.length, index) : state.tracks.map((_, each) => each);
  return { ...state, shuffle, order, place: state.place < 0 ? -1 : order.indexOf(index) };
}

/** Off, then the whole queue, then the one song. */
export function cycleRepeat(state: QueueState): QueueState {
  const after: Record<Repeat, Repeat> = { off: "all", all: "one", one: "off" };
  return { ...state, repeat: after[state.repeat] };
}

function shuffled(length: number, first: number | undefined): number[] {
  const order = Array.from({ length }, (_, each) => each);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  if (first !== undefined) order.unshift(...order.splice(order.indexOf(first), 1));
  return order;
}
