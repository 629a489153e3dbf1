import { timelineCsv } from '../plots/timeline-csv.ts';

/**
 * The page's script: unfolds link targets, unpacks data, and generates a timeline's CSV. Without it, every result can
 * still be downloaded as .json.gz.
 */
export const pageScript = `'use strict';
const timelineCsv = ${timelineCsv.toString()};
const unpack = async (link) => {
  const bytes = Uint8Array.from(atob(link.href.slice(link.href.indexOf(',') + 1)), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
};
const save = (name, text) => {
  const link = document.createElement('a');
  link.download = name;
  link.href = URL.createObjectURL(new Blob([text]));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target === null) return;
  for (let at = target; at !== null; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  target.scrollIntoView();
};
const resultLink = (element) => element.closest('.run').querySelector('a.result');
const show = async (raw) => {
  const pre = raw.querySelector('pre');
  if (raw.open && pre.textContent === '')
    pre.textContent = JSON.stringify(JSON.parse(await unpack(resultLink(raw))), null, 2);
};
addEventListener('hashchange', unfold);
addEventListener('toggle', (event) => { if (event.target.classList.contains('raw')) void show(event.target); }, true);
addEventListener('click', async (event) => {
  const button = event.target.closest('.timeline-csv');
  if (button !== null) save(button.dataset.name, timelineCsv(JSON.parse(await unpack(resultLink(button)))));
  const link = event.target.closest('a');
  if (link === null) return;
  if (link.hash !== '' && link.hash === location.hash) unfold();
  if (!link.classList.contains('result')) return;
  event.preventDefault();
  save(link.download.slice(0, -'.gz'.length), await unpack(link));
});
for (const button of document.querySelectorAll('.timeline-csv')) button.hidden = false;
unfold();
`;
