// Icons from the sprite that the server also uses.

const sprite = document.querySelector<HTMLMetaElement>('meta[name="icons"]')?.content ?? "";
const SVG = "http://www.w3.org/2000/svg";

/** A new icon element, hidden from assistive technology: the text beside it says what it means. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/** Show another drawing in an icon that is already there. */
export function setIcon(holder: Element, name: string): void {
  holder.querySelector("use")?.setAttribute("href", `${sprite}#${name}`);
}
