// Pages that prove bring hashing and keys along: fetched when such a page is shown, and on no other.

let receipts = false;
let perks = false;

export function awaitReceipts(): void {
  document.addEventListener("htmx:after:swap", look);
  look();
}

function look(): void {
  if (!receipts && document.querySelector("vs-receipts")) {
    receipts = true;
    void import("./element").then(({ defineReceipts }) => defineReceipts());
  }
  if (!perks && document.querySelector("vs-perk")) {
    perks = true;
    void import("./perk").then(({ definePerk }) => definePerk());
  }
}
