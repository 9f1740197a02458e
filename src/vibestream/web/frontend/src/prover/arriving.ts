// The page of receipts brings hashing and keys along: fetched when it is shown, and on no other page.

let asked = false;

export function awaitReceipts(): void {
  document.addEventListener("htmx:after:swap", look);
  look();
}

function look(): void {
  if (asked || !document.querySelector("vs-receipts")) return;
  asked = true;
  void import("./element").then(({ defineReceipts }) => defineReceipts());
}
