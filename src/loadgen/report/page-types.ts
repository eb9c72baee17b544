/* What the report's script uses of a browser: the rest of the program knows of no page. */

export interface PageElement {
  readonly dataset: Readonly<Record<string, string | undefined>>;
  textContent: string | null;
  innerHTML: string;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  setAttribute(name: string, value: string): void;
  addEventListener(name: string, listen: (event: PageEvent) => void): void;
  getBoundingClientRect(): { readonly left: number; readonly width: number };
  setPointerCapture(pointerId: number): void;
  readonly classList: { add(name: string): void };
}

/** A key that was pressed, or a pointer that moved. */
export interface PageEvent {
  readonly key: string;
  readonly clientX: number;
  readonly pointerId: number;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  preventDefault(): void;
}

/** The reader's document. */
export interface Page extends Pick<PageElement, 'querySelector' | 'querySelectorAll'> {
  readonly documentElement: PageElement;
}
