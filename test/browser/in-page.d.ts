/** The parts we need of what Playwright passes to a function in the page instead of an element. */
type InPage = unknown;

export function faintTexts(): string[];
export function inPageTargets(): { id: string; count: number }[];
export function drawingWords(): string[][];
export function marksOf(svg: InPage): { isSized: boolean; isInked: boolean }[];
export function scaleOf(svg: InPage): number;
export function overflow(): number;
export function unfoldAll(): void;
export function background(): string;
export function addText(what: { text: string; style: Readonly<Record<string, string>> }): void;
export function scrolledTo(selector: string): number;
export function hasText(selector: string): boolean;
export function imageWidths(): Promise<number[]>;
