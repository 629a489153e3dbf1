/** The ids and in-page links of a page's text, without a browser. */
export const idsOf = (page: string): string[] => [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);

export const inPageLinksOf = (page: string): string[] =>
  [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id!);

/** Everything that a browser would load or navigate to, other than `data:` and the page itself. */
export const outsideOf = (page: string): string[] =>
  [
    ...page.matchAll(
      /(?:href|src|srcset|poster|action|data|xlink:href)="([^"]*)"|url\(([^)]*)\)|@import\s+(\S+)/g,
    ),
  ]
    .map(([, attribute, url, imported]) => attribute ?? url ?? imported ?? '')
    .filter((target) => !target.startsWith('#') && !target.startsWith('data:'));
