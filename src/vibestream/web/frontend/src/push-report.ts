// What is reported of a push subscription, by a page that makes one and by the service worker that gets another.

/** The body of the report: where to send, with which keys, and the sender's key that it was made with. */
export function reportOf(made: PushSubscription, sender: string): object {
  const { endpoint, keys } = made.toJSON();
  return { endpoint, keys: { p256dh: keys?.["p256dh"], auth: keys?.["auth"] }, sender };
}

/** The bytes of a key in base64url. */
export function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}

/** Whether a subscription was made with this key. */
export function same(former: ArrayBuffer | null, ours: Uint8Array): boolean {
  const theirs = new Uint8Array(former ?? new ArrayBuffer(0));
  return theirs.length === ours.length && theirs.every((one, at) => one === ours[at]);
}
