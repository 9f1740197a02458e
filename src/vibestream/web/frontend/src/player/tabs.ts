// One sound per browser: the tab that starts to play tells the others, and they pause.

const channel = new BroadcastChannel("vs-player");
const tab = crypto.randomUUID();

/** Tell the other tabs that this one plays. */
export function claimSound(): void {
  channel.postMessage(tab);
}

/** Call `pause` when another tab starts to play. */
export function onOtherTab(pause: () => void): void {
  channel.addEventListener("message", (event: MessageEvent<string>) => {
    if (event.data !== tab) pause();
  });
}
