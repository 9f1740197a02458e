// The code behind a link's #, which no browser sends anywhere, is put into the form that asks for it and taken out of the
// address, so that it stays in no history. Nothing is sent by that: whoever reads the page presses the button.

/** Fill the field of the page that takes the address's fragment, now and after each navigation within the page. */
export function startFragments(): void {
  fill();
  addEventListener("hashchange", fill);
  document.addEventListener("htmx:after:swap", fill);
}

function fill(): void {
  const field = document.querySelector<HTMLInputElement>("input[data-fragment]");
  const code = location.hash.slice(1);
  if (!field || !/^[A-Z2-7-]{20,40}$/i.test(code)) return;
  field.value = code;
  history.replaceState(history.state, "", location.pathname);
}
