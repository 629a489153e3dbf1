export { judgementJunit } from './junit.ts';
export { judgementMarkdown } from './markdown.ts';
export { judgementText } from './text.ts';
