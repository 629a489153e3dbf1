/* global document, getComputedStyle, NodeFilter, SVGElement, CSS */

// Functions that Playwright runs inside the page: each stands alone, without anything of this file or of Node.

/** Texts of the page, those of its drawings among them, whose contrast (WCAG 2.2) is below 4.5. */
export const faintTexts = () => {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (channel) =>
    channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if ((channels(backgroundColor)[3] ?? 1) > 0) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    if (text === '' || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [dark, light] = [luminance(colour), luminance(groundOf(element))].sort((one, other) => one - other);
    if ((light + 0.05) / (dark + 0.05) < 4.5) faint.add(text);
  }
  return [...faint];
};

/** Each link within the page, and how many elements have the id that it goes to. */
export const inPageTargets = () =>
  [...document.querySelectorAll('a[href^="#"]')].map((link) => {
    const id = link.getAttribute('href').slice(1);
    return { id, count: document.querySelectorAll(`[id="${CSS.escape(id)}"]`).length };
  });

/** What assistive technology is told of each drawing. */
export const drawingWords = () =>
  [...document.querySelectorAll('figure svg')].map((svg) =>
    (svg.getAttribute('aria-labelledby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? ''),
  );

/** Marks of a drawing: whether they take any room, and whether they have a colour. */
export const marksOf = (svg) =>
  [...svg.querySelectorAll('.role-mark path, .role-mark line')].map((mark) => {
    const { width, height } = mark.getBoundingClientRect();
    const { stroke, fill } = getComputedStyle(mark);
    return { isSized: width + height > 0, isInked: [stroke, fill].some((paint) => paint.startsWith('rgb')) };
  });

/** How far a drawing is scaled from the size that it was made for. */
export const scaleOf = (svg) => svg.getBoundingClientRect().width / Number(svg.getAttribute('width'));

/** By how many px the page is wider than its window. */
export const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;

export const unfoldAll = () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
};

export const background = () => getComputedStyle(document.documentElement).backgroundColor;

/** Adds an element of text: for negative controls. */
export const addText = ({ text, style }) => {
  const element = document.createElement('p');
  element.textContent = text;
  Object.assign(element.style, style);
  document.body.append(element);
};

export const scrolledTo = (selector) => document.querySelector(selector).scrollLeft;
export const hasText = (selector) => (document.querySelector(selector)?.textContent ?? '') !== '';

/** What a drawing in a file of its own comes to; 0 where the browser can't read it. */
export const imageWidths = () =>
  Promise.all(
    [...document.images].map((image) =>
      image.decode().then(
        () => image.naturalWidth,
        () => 0,
      ),
    ),
  );
