import { dirname, join, normalize, relative } from 'node:path/posix';

/** What the Markdown of this repository becomes in a site. Pure. */

/** Where a page is in the site: a folder's README is its first page. */
export const placeOf = (path: string): string => path.replace(/(^|\/)README\.md$/, '$1index.md');

/** The text of its first heading. */
export const titleOf = (text: string): string => /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? '';

const isOutside = (target: string): boolean => /^(?:[a-z]+:|#)/.test(target);
const drawing = /\.(?:svg|png)$/;

/**
 * Where a link goes in the site. @returns null for what the site doesn't have, such as sources
 * @param from the page that it stands on
 */
const linkIn = (target: string, from: string, pages: readonly string[]): string | null => {
  if (isOutside(target)) return target;
  const [path = '', hash] = target.split('#', 2);
  const file = normalize(join(dirname(from), path));
  if (drawing.test(file)) return target;
  if (!pages.includes(file)) return null;
  const link = relative(dirname(placeOf(from)), placeOf(file));
  return `${link.startsWith('.') ? link : `./${link}`}${hash === undefined ? '' : `#${hash}`}`;
};

const fenced = /(^```[\s\S]*?^```$)/gm;
/** Code with brackets in it comes first: it has no link. A link's text may have code in it. */
const inline = /`[^`\n]*\]\([^`\n]*`|(!?)\[((?:`[^`]*`|[^\]`])*)\]\(([^)\s]+)\)/g;
const definition = /^\[([^\]]+)\]: (\S+)$/gm;

const linked = (text: string, from: string, pages: readonly string[]): string =>
  text
    .replace(inline, (whole: string, mark?: string, shown?: string, target?: string) => {
      if (shown === undefined || target === undefined || mark === '!') return whole;
      const link = linkIn(target, from, pages);
      return link === null ? shown : `[${shown}](${link})`;
    })
    .replace(definition, (whole: string, name: string, target: string) => {
      const link = linkIn(target, from, pages);
      return link === null ? whole : `[${name}]: ${link}`;
    });

/** A page for the site: its links lead to pages of the site, and what leads elsewhere in the repository is plain text. */
export const pageText = (from: string, text: string, pages: readonly string[]): string =>
  text
    .split(fenced)
    .map((part, index) => (index % 2 === 1 ? part : linked(part, from, pages)))
    .join('');

interface MenuEntry {
  text: string;
  link: string;
}
interface MenuGroup {
  text: string;
  items: MenuEntry[];
}

/** The site's menu: the headings of the page of contents, with the pages that it links to, by their titles. */
export const menuOf = (contents: string, pages: ReadonlyMap<string, string>): MenuGroup[] => {
  const groups: MenuGroup[] = [{ text: 'Begin', items: [] }];
  const seen = new Set<string>();
  for (const line of (pages.get(contents) ?? '').split('\n')) {
    const heading = /^## (.+)$/.exec(line)?.[1];
    if (heading !== undefined) groups.push({ text: heading, items: [] });
    for (const [, , , target] of line.matchAll(inline)) {
      if (target === undefined) continue;
      const file = normalize(join(dirname(contents), target.split('#')[0]!));
      const text = pages.get(file);
      if (text === undefined || seen.has(file)) continue;
      seen.add(file);
      const link = `/${placeOf(file).replace(/(?:index)?\.md$/, '')}`;
      groups.at(-1)!.items.push({ text: titleOf(text), link });
    }
  }
  return groups.filter(({ items }) => items.length > 0);
};
