// <vs-chart data-drawing>: bars by month, drawn by uPlot on a canvas. What it says stands beside it as a sentence and a
// table, so that it is a picture and nothing else. Colours are the page's own and follow the theme.
import uPlot from "uplot";
import { locale } from "../text";

interface Drawing {
  labels: string[];
  unit: string;
  series: { name: string; values: [number, number][] }[];
}

const HEIGHT = 240;

class Chart extends HTMLElement {
  private plot: uPlot | undefined;
  private readonly watcher = new ResizeObserver(() => this.resize());
  private readonly themes = new MutationObserver(() => this.draw());

  connectedCallback(): void {
    this.draw();
    this.watcher.observe(this);
    this.themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  disconnectedCallback(): void {
    this.watcher.disconnect();
    this.themes.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
  }

  private resize(): void {
    if (this.plot && this.clientWidth) this.plot.setSize({ width: this.clientWidth, height: HEIGHT });
  }

  private draw(): void {
    this.plot?.destroy();
    const drawing = JSON.parse(this.dataset["drawing"] ?? "{}") as Drawing;
    if (!drawing.labels?.length) return;
    const colour = (name: string) => resolved(this, name);
    const money = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
    const colours = [colour("--accent"), colour("--good")];
    const axis = { stroke: colour("--dim"), font: "12px 'Inter Variable'", grid: { stroke: colour("--line"), width: 1 } };
    const places = drawing.labels.map((_, at) => at);
    this.plot = new uPlot(
      {
        width: this.clientWidth || 600,
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: [-0.6, drawing.labels.length - 0.4] }, y: { range: (_plot, _low, high) => [0, high * 1.1 || 1] } },
        axes: [
          { ...axis, grid: { show: false }, splits: places, values: (_plot, at) => at.map((place) => drawing.labels[place] ?? "") },
          { ...axis, size: 64, values: (_plot, at) => at.map((amount) => money.format(amount)) },
        ],
        series: [
          {},
          ...drawing.series.map((one, at) => ({
            label: one.name,
            stroke: colours[at % 2] ?? "",
            fill: colours[at % 2] ?? "",
            width: 0,
            points: { show: false },
            paths: uPlot.paths.bars?.({ size: [0.3, 40], align: at ? 1 : -1, gap: 2 }) ?? null,
          })),
        ],
      } as uPlot.Options,
      [places, ...drawing.series.map((one) => one.values.map(([minor, scale]) => minor / scale))] as uPlot.AlignedData,
      this,
    );
    this.append(this.key(drawing, colours));
  }

  /** Which colour is which, in words beside a patch. */
  private key(drawing: Drawing, colours: string[]): HTMLElement {
    this.querySelector("[data-part=key]")?.remove();
    const key = document.createElement("p");
    key.dataset["part"] = "key";
    key.className = "chart-key small dim";
    drawing.series.forEach((one, at) => {
      const patch = document.createElement("span");
      patch.className = "chart-patch";
      patch.style.background = colours[at % 2] ?? "";
      key.append(patch, `${one.name} (${drawing.unit})`);
    });
    return key;
  }
}

/** A token's colour as a canvas takes it: light-dark() is resolved by asking for an element's colour. */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${token})`;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Make the element known; twice is once. */
export function defineChart(): void {
  if (!customElements.get("vs-chart")) customElements.define("vs-chart", Chart);
}
