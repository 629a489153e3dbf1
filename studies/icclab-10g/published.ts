import { mebibyte } from 'livemig/study';
import figures from './published.json' with { type: 'json' };

/** Every figure that the document publishes, as in its tables; published.json has units and sources. */
export const published = figures;

/** The links by their label in a cell. */
export const links = ['1G', '10G'] as const;
export type Link = (typeof links)[number];
export const linkText: Readonly<Record<Link, string>> = { '1G': '1 Gb/s', '10G': '10 Gb/s' };

/** Mb/s that iperf reached. */
export const iperfMbps = (link: Link): number => published.iperfGbps[link] * 1000;

/** Fig. 4: each stressed byte is sent twice, on top of some 600 MiB that the guest holds without stress. */
export const publishedBytes = (stressMB: number): number => (600 + 2 * stressMB) * mebibyte;
